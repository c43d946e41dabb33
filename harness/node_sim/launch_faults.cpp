#include "harness/node_sim/launch_faults.h"

#include <csignal>
#include <map>
#include <string>

#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

struct Launch {
  State& state;
  int gpu;
  Clock& clock;
  std::uint64_t number;
  const FaultState& fault;

  GpuDynamic& dynamic() const { return state.dynamic[gpu]; }
  std::int64_t parameter(const char* name) const {
    return static_cast<std::int64_t>(fault_parameter(fault, name, 0));
  }
};

void count_pcie_replays(const Launch& launch) {
  const Lock lock(launch.state.mutex);
  launch.dynamic().pcie_replay += launch.parameter("replays");
}

void count_nvlink_errors(const Launch& launch) {
  const Lock lock(launch.state.mutex);
  launch.dynamic().nvlink_replay += launch.parameter("replays");
  launch.dynamic().nvlink_recovery += launch.parameter("recoveries");
}

void count_sram_errors(const Launch& launch) {
  const Lock lock(launch.state.mutex);
  launch.dynamic().ecc_corrected_sram += launch.parameter("corrected");
  launch.dynamic().ecc_uncorrected_sram += launch.parameter("uncorrected");
}

void reset_counters(const Launch& launch) {
  const Lock lock(launch.state.mutex);
  launch.dynamic().ecc_corrected_dram = 0;
}

void log_an_xid(const Launch& launch) {
  if (launch.number != 0) return;
  const auto lines = static_cast<int>(launch.parameter("lines"));
  for (int line = 0; line < lines; ++line)
    log_xid(launch.state, launch.gpu, static_cast<int>(launch.parameter("number")), true, "planted");
}

void report_nvswitch_error(const Launch& launch) {
  if (launch.number != 0) return;
  log_sxid(launch.state, static_cast<int>(launch.parameter("switch")),
           static_cast<int>(launch.parameter("number")));
}

void fall_off_the_bus(const Launch& launch) {
  if (static_cast<std::int64_t>(launch.number) < launch.parameter("launch")) return;
  const Lock lock(launch.state.mutex);
  launch.dynamic().present = 0;
  log_xid(launch.state, launch.gpu, 79, true, "GPU has fallen off the bus.");
}

void crash(const Launch& launch) {
  std::raise(static_cast<int>(launch.parameter("signal")));
}

[[noreturn]] void hang(const Launch& launch) {
  for (;;) launch.clock.sleep_until(kForever);
}

void refuse(const Launch&) {
  throw cuda_emulation::DeviceFailure{cuda_emulation::cudaErrorUnknown, false};
}

void raise_exception(const Launch&) {
  throw cuda_emulation::DeviceFailure{cuda_emulation::cudaErrorIllegalAddress};
}

const std::map<std::string, void (*)(const Launch&)>& actions() {
  static const std::map<std::string, void (*)(const Launch&)> table{
      {"pcie_replays", count_pcie_replays},
      {"nvlink_errors", count_nvlink_errors},
      {"sram_errors", count_sram_errors},
      {"counter_reset", reset_counters},
      {"nvswitch_error", report_nvswitch_error},
      {"xid", log_an_xid},
      {"gpu_lost", fall_off_the_bus},
      {"worker_crash", crash},
      {"worker_hang", hang},
      {"device_call_fails", refuse},
      {"kernel_exception", raise_exception},
  };
  return table;
}

}  // namespace

void act_at_launch(State& state, int gpu, Clock& clock, std::uint64_t launch) {
  for (int i = 0; i < state.fault_count; ++i) {
    const FaultState& fault = state.faults[i];
    if (fault.slot != state.constants[gpu].slot) continue;
    const auto action = actions().find(fault.kind);
    if (action != actions().end()) action->second({state, gpu, clock, launch, fault});
  }
}

}  // namespace assay::sim
