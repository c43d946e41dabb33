#include "harness/node/nvml_gpu.h"

namespace assay::nvml {

GpuState GpuQuery::state() {
  GpuState state;
  auto& counter = state.counters;
  counter[counters::ecc_corrected_dram] = ecc(kCorrected, kLocationDram);
  counter[counters::ecc_uncorrected_dram] = ecc(kUncorrected, kLocationDram);
  counter[counters::ecc_corrected_sram] = ecc(kCorrected, kLocationSram);
  counter[counters::ecc_uncorrected_sram] = ecc(kUncorrected, kLocationSram);
  read_rows(state);

  counter[counters::pcie_replay] = number(api_.pcie_replay_counter);
  // Each of these fields takes the driver about 0.1 ms (reports/evidence/2026-11-26-h200).
  counter[counters::pcie_rollover] = field(field::pcie_replay_rollover);
  counter[counters::pcie_recovery] = field(field::pcie_l0_to_recovery);
  counter[counters::pcie_naks] = sum_of_fields({field::pcie_naks_received, field::pcie_naks_sent});
  counter[counters::pcie_corrected] =
      sum_of_fields({field::pcie_receiver_errors, field::pcie_bad_tlp, field::pcie_bad_dllp});
  counter[counters::pcie_uncorrected] = sum_of_fields({field::pcie_nonfatal, field::pcie_fatal});
  const field::Slowdowns slowdowns = slowdown_fields(driver_version_);
  counter[counters::software_thermal_ns] = field(slowdowns.software_thermal_ns);
  counter[counters::hardware_thermal_ns] = field(slowdowns.hardware_thermal_ns);
  counter[counters::power_brake_ns] = field(slowdowns.power_brake_ns);
  counter[counters::power_cap_ns] = field(field::power_violation_ns);
  unsigned long long energy_mj = 0;
  const Return energy = ask(api_.total_energy, &energy_mj);
  counter[counters::energy_mj] = integer(energy, energy_mj);

  state.recovery_action = field(field::recovery_action);
  read_on_chip_errors(state);
  read_repairs(state);
  Utilization utilization{};
  const Return utilization_result = ask(api_.utilization, &utilization);
  state.utilisation_percent = integer(utilization_result, utilization.gpu);
  state.pcie_generation = number(api_.pcie_generation);
  state.pcie_width = number(api_.pcie_width);
  state.power_brake = throttle_reasons();
  if (state.power_brake.value)
    state.power_brake =
        Integer::of((*state.power_brake.value & clocks_event_reason::hardware_power_brake) != 0 ? 1 : 0);
  state.processes = processes();
  for (unsigned link = 0; link < kHopperNvlinks; ++link) state.nvlinks.push_back(nvlink(link));
  read_fabric(state);
  return state;
}

/// One that does not answer leaves no sum.
Integer GpuQuery::sum_of_fields(std::initializer_list<unsigned> ids) {
  std::int64_t sum = 0;
  for (const unsigned id : ids) {
    Integer one = field(id);
    if (!one.has_value()) return one;
    sum += *one.value;
  }
  return Integer::of(sum);
}

Integer GpuQuery::ecc(unsigned error, unsigned location, unsigned counter) {
  unsigned long long count = 0;
  const Return result = ask(api_.memory_error_counter, error, counter, location, &count);
  return integer(result, count);
}

void GpuQuery::read_on_chip_errors(GpuState& state) {
  SramEccErrorStatus sram{};
  sram.version = kSramEccErrorStatusV1;
  const Return result = ask(api_.sram_ecc_error_status, &sram);  // wants root
  state.sram_threshold_exceeded = integer(result, sram.threshold_exceeded);
  LifetimeErrors& lifetime = state.lifetime;
  lifetime.corrected_dram = ecc(kCorrected, kLocationDram, kAggregate);
  lifetime.uncorrected_dram = ecc(kUncorrected, kLocationDram, kAggregate);
  lifetime.corrected_sram = ecc(kCorrected, kLocationSram, kAggregate);
  lifetime.uncorrected_sram = ecc(kUncorrected, kLocationSram, kAggregate);
  lifetime.uncorrected_l2 = integer(result, sram.aggregate_uncorrected_l2);
  lifetime.uncorrected_sm = integer(result, sram.aggregate_uncorrected_sm);
  lifetime.uncorrected_pcie = integer(result, sram.aggregate_uncorrected_pcie);
  lifetime.uncorrected_mcu = integer(result, sram.aggregate_uncorrected_mcu);
  lifetime.uncorrected_other = integer(result, sram.aggregate_uncorrected_other);
}

void GpuQuery::read_repairs(GpuState& state) {
  RowRemapperHistogram banks{};
  const Return result = ask(api_.row_remapper_histogram, &banks);
  state.spare_rows = {integer(result, banks.max), integer(result, banks.high), integer(result, banks.partial),
                      integer(result, banks.low), integer(result, banks.none)};
  RepairStatus repair{};
  repair.version = kRepairStatusV1;
  const Return repair_result = ask(api_.repair_status, &repair);
  state.channel_repair_pending = integer(repair_result, repair.channel_repair_pending);
  state.tpc_repair_pending = integer(repair_result, repair.tpc_repair_pending);
}

void GpuQuery::read_rows(GpuState& state) {
  unsigned corrected = 0;
  unsigned uncorrected = 0;
  unsigned pending = 0;
  unsigned failure = 0;
  const Return result = ask(api_.remapped_rows, &corrected, &uncorrected, &pending, &failure);
  const auto either = [&](unsigned value, unsigned id) {
    return result == Return::function_not_found ? field(id) : integer(result, value);
  };
  state.counters[counters::remapped_corrected] = either(corrected, field::remapped_corrected);
  state.counters[counters::remapped_uncorrected] = either(uncorrected, field::remapped_uncorrected);
  state.row_remap_pending = either(pending, field::remap_pending);
  state.row_remap_failure = either(failure, field::remap_failure);
}

NvlinkReading GpuQuery::nvlink(unsigned link) {
  NvlinkReading reading;
  reading.up = number(api_.nvlink_state, link);
  if (reading.up.value != 1) return reading;
  reading.mb_per_s = field(field::nvlink_speed_mb_per_s, link);
  reading.remote = remote_of(link);
  reading.remote_link = field(field::nvlink_remote_link_id, link);
  reading.replays = nvlink_errors(link, kNvlinkReplay);
  reading.recoveries = nvlink_errors(link, kNvlinkRecovery);
  reading.crc_errors = nvlink_errors(link, kNvlinkCrcFlit);
  return reading;
}

Text GpuQuery::remote_of(unsigned link) {
  PciInfo remote{};
  const Return result = ask(api_.nvlink_remote_pci, link, &remote);
  if (result != Return::success) return Text::none(word(result));
  // In a virtual machine that was not given the switches, every bit of the address is set.
  if (remote.bus >= 0xff) return Text::none("not_shown");
  return Text::of(pci_address(remote.domain, remote.bus, remote.device));
}

/// Drivers give them by a call of their own, by a field, or by both.
Integer GpuQuery::nvlink_errors(unsigned link, unsigned counter) {
  unsigned long long count = 0;
  const Return result = ask(api_.nvlink_error_counter, link, counter, &count);
  if (result == Return::success) return integer(result, count);
  constexpr unsigned kFields[] = {field::nvlink_replay, field::nvlink_recovery, field::nvlink_crc};
  const Integer by_field = field(kFields[counter], link);
  return by_field.has_value() ? by_field : integer(result, count);
}

void GpuQuery::read_fabric(GpuState& state) {
  FabricInfoV3 info{};
  info.version = kFabricInfoV3;
  Return result = ask(api_.fabric_info, &info);
  state.fabric_health = integer(result, info.health_summary);
  if (result == Return::argument_version_mismatch) {
    info = {};
    info.version = kFabricInfoV2;  // before driver 580
    result = ask(api_.fabric_info, &info);
  }
  if (result == Return::function_not_found) {
    FabricInfo oldest{};
    result = ask(api_.fabric_info_v1, &oldest);  // before driver 550
    info.state = oldest.state;
    info.status = oldest.status;
  }
  state.fabric_state = integer(result, info.state);
  state.fabric_status = integer(result, static_cast<int>(info.status));
  if (result == Return::success && info.state != kFabricCompleted)
    state.fabric_status = Integer::none("not_completed");
}

Reading<std::vector<ForeignProcess>> GpuQuery::processes() {
  using Answer = Reading<std::vector<ForeignProcess>>;
  const bool newest = api_.compute_processes_v3.exists();
  const auto& function = newest ? api_.compute_processes_v3 : api_.compute_processes_v2;
  std::vector<ProcessInfo> infos(64);
  for (int attempt = 0; attempt < 4; ++attempt) {  // more may start between two calls
    unsigned count = static_cast<unsigned>(infos.size());
    const Return result = ask(function, &count, infos.data());
    if (result == Return::insufficient_size) {
      infos.resize(count + 16);
      continue;
    }
    if (result != Return::success) return Answer::none(word(result));
    std::vector<ForeignProcess> processes;
    for (unsigned i = 0; i < count; ++i) {
      processes.push_back({infos[i].pid, static_cast<std::int64_t>(infos[i].used_memory)});
    }
    return Answer::of(std::move(processes));
  }
  return Answer::none(word(Return::insufficient_size));
}

}  // namespace assay::nvml
