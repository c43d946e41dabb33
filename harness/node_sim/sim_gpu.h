// A simulated GPU, as a worker sees it: a share of the simulated HBM behind every allocation, and launches
// that take virtual time, draw power and make heat.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/node_sim/sim_memory.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

class SimGpu final : public Gpu, private HostDevice {
 public:
  /// The GPU in a chassis slot. Launch times are a function of `step_seed` and the launch's number.
  /// Throws DeviceError("device.lost") where there is none.
  SimGpu(SharedState state, int slot, Clock& clock, std::uint64_t step_seed);
  ~SimGpu() override;
  SimGpu(const SimGpu&) = delete;
  SimGpu& operator=(const SimGpu&) = delete;

  DeviceMemory memory() override;
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override;
  int multiprocessors() const override;
  std::uint64_t l2_bytes() const override;
  HostDevice* host() override { return this; }

 private:
  class Buffer;
  struct Range {
    std::uint64_t begin, end;  // bytes
  };

  double execute(const Work& work, const std::function<void()>& body) override;
  double launch(const Work& work, const std::function<void()>& body);
  std::uint64_t shuffle_seed() override;

  const GpuConstants& constants() const { return state_->constants[index_]; }
  GpuDynamic& dynamic() { return state_->dynamic[index_]; }
  void require_present();
  std::uint64_t capacity() const;
  std::uint64_t place(std::uint64_t bytes) const;
  std::uint64_t cell_at(std::uint64_t byte) const;
  void release(const Range& range);
  double launch_seconds(const Work& work);
  void report_memory_events();
  void report_uncorrected();

  SharedState state_;
  int index_;
  int slot_;
  Clock& clock_;
  std::uint64_t step_seed_;
  std::uint64_t launches_ = 0;
  std::uint64_t shuffles_ = 0;
  double slowdown_;  // the planted share of the bandwidth that is left
  SimMemory memory_;
  std::uint64_t reported_corrected_ = 0;
  std::uint64_t reported_uncorrected_ = 0;
  std::vector<Range> ranges_;  // allocated, by address
};

}  // namespace assay::sim
