// A simulated GPU as the emulated CUDA runtime sees it: a share of the simulated memory behind every
// allocation, and launches that take virtual time, draw power and make heat. One object is one context.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/node/clock.h"
#include "harness/node_sim/contention.h"
#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/device_memory.h"
#include "harness/node_sim/faulty_hbm.h"
#include "harness/node_sim/faulty_sms.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_fabric.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

class SimDevice final : public cuda_emulation::Device {
 public:
  /// The GPU in a chassis slot, which the calling thread sees until the object goes. Launch times are a
  /// function of `step_seed` and the launch's number. `sharers` of a resource each get an equal share of it,
  /// whoever comes first. Throws DeviceError of codes::device_lost where there is no GPU, MachineRefused.
  /// `check`: whose work it is. `seat`: the clock's.
  SimDevice(const SharedState& state, int slot, Clock& clock, std::uint64_t step_seed,
            const Sharers& sharers = kUnshared, std::string check = {}, Seat seat = -1);
  ~SimDevice() override;
  SimDevice(const SimDevice&) = delete;
  SimDevice& operator=(const SimDevice&) = delete;

  std::string pci_address() const override { return constants().pci_address; }
  int multiprocessors() const override;
  std::uint64_t l2_bytes() const override;
  DeviceMemory memory() override;
  void require_usable() override;
  cuda_emulation::Allocation allocate(std::uint64_t bytes) override;
  void release(void* memory) override;
  /// The time of short ones passes with the next work, or once they have added up; nobody sees what they
  /// draw. Throws std::logic_error for work at a resource that the check does not declare.
  void execute(const Work& work, const std::function<void()>& body) override;
  /// As of launches. Throws std::logic_error for long ones that the check does not declare.
  void transfer(const Work& work, const std::function<void()>& body) override;
  void work_together(std::vector<cuda_emulation::Concurrent>& all) override;
  void arrived(const Work& work, void* data, std::uint64_t bytes) override;
  bool can_access(const cuda_emulation::Device& peer) const override;
  int numa_node_of(const void* memory) const override;
  cuda_emulation::Fabric* fabric() override { return &fabric_; }
  void settle() override;
  Nanoseconds now() override { return begun_ ? *begun_ : clock_.now() + owed_; }
  std::uint64_t global_timer() override;
  std::uint64_t cycles() override;
  std::uint64_t schedule_seed() override;
  /// Null where nothing is planted in any GPU that the calling thread sees.
  cuda_emulation::FaultyMemory* faulty_memory() override;
  cuda_emulation::FaultyMemory* copied_memory() override { return faulty_memory(); }
  cuda_emulation::FaultySms* faulty_sms() override;
  FaultyHbm& hbm() { return hbm_; }
  /// What is planted on the way over PCIe, or between this GPU and a peer, changes what goes by.
  void damage_on_the_way(WorkKind kind, const SimDevice* peer, void* data, std::uint64_t bytes);

 private:
  static constexpr double kShort_s = 50e-6;

  const GpuConstants& constants() const { return state_->constants[index_]; }
  GpuDynamic& dynamic() { return state_->dynamic[index_]; }
  std::uint64_t cell_words() const { return static_cast<std::uint64_t>(constants().cell_words); }
  double memory_temperature();
  std::uint64_t capacity() const;
  std::uint64_t place(std::uint64_t bytes) const;
  std::uint64_t cell_at(std::uint64_t byte) const;
  void let_pass(double seconds);
  /// Of work that was done while time stood still: it passes with the next, or once there is more of it.
  void owe(double seconds);
  /// Who works, this one first, and what each of them does.
  using Ends = std::vector<std::pair<SimDevice*, Work>>;
  Ends ends_of(const Work& work);
  static void add_end(Ends& ends, SimDevice& device, const Demand& demand);
  /// What one of several, by number, uses.
  void add_to(Contention& contention, std::size_t one, const Work& work, const Ends& ends);
  /// Of a healthy way between the two, what is left.
  double share_of_way(const SimDevice& peer) const;
  /// Runs the body; who fails in it, or is gone by now, ends the work.
  void run(const Ends& ends, const std::function<void()>& body);
  double noise_of_next_launch(const Work& work);
  double noise_of_next_transfer();
  void before_copy(const Work& work);
  /// Throws std::logic_error.
  void require_declared(const Work& work) const;
  /// Of the rate of each kind of work at the full clock, what is left to such work with whatever holds the
  /// clock down now: what draws power beside it, too. Caller holds state.mutex.
  using Shares = std::array<double, kWorkKinds>;
  /// With what others draw beside it, as the phase declares it and not as it is: which of two that begin at
  /// one moment is first must not matter.
  Loads beside_sharers(Loads own) const;
  Shares clock_shares(const Work& work) const;
  static DeviceSpeed at(DeviceSpeed speed, const Shares& shares);
  /// By itself.
  double seconds_of(const Work& work, const Ends& ends);
  void count(const Ends& ends);
  /// What they use meanwhile, one an end. Caller holds state.mutex.
  std::vector<Loads> loads_at(const Ends& ends, double seconds) const;
  void change_loads(const Ends& ends, const std::vector<Loads>& loads, decltype(&add_load) change);
  /// How the GPU is under this load.
  SmConditions conditions_under(const Ends& ends, double seconds);
  /// While `seconds` pass. Who is gone after them ends the work.
  /// `body` is worked out meanwhile, at the time at which it begins: the others' time goes on.
  void load_for(double seconds, const Ends& ends, const std::function<void()>& body = {});
  /// Its check declares so.
  bool works_with_others() const;
  void report_memory_events();
  /// Of all that the thread sees: what a kernel of one reads may lie in another.
  static void report_memory_events_of_all();
  void report_uncorrected();

  SharedState state_;
  int index_;
  Clock& clock_;
  std::uint64_t step_seed_;
  Sharers sharers_;
  std::string check_;
  DeviceSpeed speed_;     // this unit's: its place in the spread, what is planted, what sharers leave
  Nanoseconds owed_ = 0;  // by work that was too short to let time pass for
  Nanoseconds counted_up_to_ = 0;  // of the cycles
  double cycles_ = 0;
  std::uint64_t launches_ = 0, transfers_ = 0;
  std::uint64_t schedules_ = 0;
  NodeMemory memory_;
  Word128* cells_;
  FaultyHbm hbm_;
  PlantedInSms in_sms_;
  bool way_is_damaged_;
  SimFabric fabric_;
  std::optional<Nanoseconds> begun_;  // the launch that runs: to device code it is that time throughout
  SmConditions conditions_;           // of the launch that runs, once it has its load on
  std::uint64_t reported_corrected_ = 0;
  std::uint64_t reported_uncorrected_ = 0;
  std::map<const void*, int> allocations_;  // number in GpuDynamic::allocations
};

}  // namespace assay::sim
