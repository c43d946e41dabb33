// A simulated GPU among the others of its node, for the stand-in of a library whose work spans processes
// (NCCL's).
#pragma once

#include <optional>

#include "harness/node/clock.h"
#include "harness/node_sim/cuda_emulation/fabric.h"
#include "harness/node_sim/device_memory.h"
#include "harness/node_sim/state.h"
#include "harness/node_sim/virtual_clock.h"

namespace assay::sim {

class SimFabric final : public cuda_emulation::Fabric {
 public:
  /// Of the device with this index, whose clock, speed and memory outlive it, and the time that it is ahead
  /// of the clock: owed.
  SimFabric(const SharedState& state, int index, Clock& clock, Seat seat, const DeviceSpeed& speed,
            NodeMemory& memory, Nanoseconds& owed)
      : state_(state),
        index_(index),
        clock_(clock),
        seat_(seat),
        speed_(speed),
        memory_(memory),
        owed_(owed) {}

  int slot() const override { return state_->constants[index_].slot; }
  void* shared() override { return memory_.shared(kSharedBytes); }
  int seat() const override { return seat_; }
  void park() override;
  void park_until(Nanoseconds latest) override;
  void unpark(int seat, Nanoseconds from) override;
  void sleep_while_parked() override;
  void wait_until(Nanoseconds time) override;
  bool multicast() const override;
  bool heeds_settings() const override { return state_->nccl_heeds_nothing == 0; }
  double seconds_to_init() const override { return speed_.collective_init_s; }
  double seconds_of(const cuda_emulation::CollectiveCall& call, double bytes, int to_slot) override;
  void carried(const cuda_emulation::CollectiveCall& call, double bytes) override;
  double late_by(const cuda_emulation::CollectiveCall& call) override;
  cuda_emulation::Obstacle obstacle(const cuda_emulation::CollectiveCall& call) override;
  void arrive(const cuda_emulation::CollectiveCall& call, const cuda_emulation::Arriving& data) override;

 private:
  SharedState state_;
  int index_;
  Clock& clock_;
  Seat seat_;
  const DeviceSpeed& speed_;
  NodeMemory& memory_;
  Nanoseconds& owed_;
  std::optional<Nanoseconds> parked_at_;  // by the device's time
};

}  // namespace assay::sim
