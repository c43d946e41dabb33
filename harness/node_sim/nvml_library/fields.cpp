// nvmlDeviceGetFieldValues: a table from field id to value. Errors are per entry.
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "harness/node_sim/nvml_library/call.h"
#include "harness/node_sim/nvml_library/ecc.h"
#include "harness/node_sim/nvml_library/nvlink.h"
#include "harness/node_sim/nvml_library/power.h"
#include "harness/node_sim/nvml_library/thermal.h"

namespace assay::nvml {
namespace {

constexpr unsigned kSumOverLinks = std::numeric_limits<unsigned>::max();

void set_unsigned(FieldValue& field, unsigned value) {
  field.value_type = kUnsignedInt;
  field.value.ui = value;
}
void set_signed(FieldValue& field, int value) {
  field.value_type = kSignedInt;
  field.value.si = value;
}
template <typename T>
void set_count(FieldValue& field, T value) {
  field.value_type = kUnsignedLongLong;
  field.value.ull = static_cast<unsigned long long>(value);
}

std::int64_t held_ns(const GpuView& gpu, sim::HeldBy what) {
  return gpu.plant().held_ns[static_cast<std::size_t>(what)];
}

bool set_ecc(const GpuView& gpu, FieldValue& value) {
  const auto errors = [&](unsigned error, unsigned counter) {
    return dram_errors(gpu.dynamic, error, counter);
  };
  switch (value.field_id) {
    case field::ecc_current:
    case field::ecc_pending:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.ecc_enabled));
      return true;
    case field::ecc_corrected_volatile:
      set_count(value, errors(kCorrected, kVolatile));
      return true;
    case field::ecc_uncorrected_volatile:
      set_count(value, errors(kUncorrected, kVolatile));
      return true;
    case field::ecc_corrected_aggregate:
      set_count(value, errors(kCorrected, kAggregate));
      return true;
    case field::ecc_uncorrected_aggregate:
      set_count(value, errors(kUncorrected, kAggregate));
      return true;
    case field::remapped_corrected:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.remapped_corrected));
      return true;
    case field::remapped_uncorrected:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.remapped_uncorrected));
      return true;
    case field::remap_pending:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.remap_pending));
      return true;
    case field::remap_failure:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.remap_failure));
      return true;
    case field::recovery_action:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.recovery_action));
      return true;
    default:
      return false;
  }
}

bool set_power_and_heat(const GpuView& gpu, FieldValue& value) {
  switch (value.field_id) {
    case field::power_average_mw:
    case field::power_instant_mw:
      set_unsigned(value, power_mw(gpu));
      return true;
    case field::power_min_limit_mw:
      set_unsigned(value, kMinimumLimitMw);
      return true;
    case field::power_max_limit_mw:
      set_unsigned(value, kMaximumLimitMw);
      return true;
    case field::power_default_limit_mw:
      set_unsigned(value, default_limit_mw(gpu));
      return true;
    case field::power_current_limit_mw:
    case field::power_requested_limit_mw:
      set_unsigned(value, static_cast<unsigned>(gpu.dynamic.power_limit_mw));
      return true;
    case field::total_energy_mj:
    case field::energy_mj:
      set_count(value, energy_mj(gpu));
      return true;
    case field::memory_temperature:
      set_unsigned(value, static_cast<unsigned>(std::lround(gpu.plant().memory_temperature_c)));
      return true;
    case field::shutdown_offset_c:
      set_signed(value, kShutdownOffsetC);
      return true;
    case field::slowdown_offset_c:
      set_signed(value, kSlowdownOffsetC);
      return true;
    case field::memory_max_offset_c:
      set_signed(value, kMemoryMaxOffsetC);
      return true;
    case field::gpu_max_offset_c:
      set_signed(value, kGpuMaxOffsetC);
      return true;
    case field::power_violation_ns:
      set_count(value, held_ns(gpu, sim::HeldBy::power_cap));
      return true;
    case field::thermal_violation_ns:
      set_count(value, held_ns(gpu, sim::HeldBy::software_thermal));
      return true;
    case field::slowdowns.software_thermal_ns:
      set_count(value, held_ns(gpu, sim::HeldBy::software_thermal));
      return true;
    case field::slowdowns.hardware_thermal_ns:
      set_count(value, held_ns(gpu, sim::HeldBy::hardware_thermal));
      return true;
    case field::slowdowns.power_brake_ns:
      set_count(value, held_ns(gpu, sim::HeldBy::power_brake));
      return true;
    // What no simulated GPU spends time under.
    case field::sync_boost_violation_ns:
    case field::board_limit_violation_ns:
    case field::low_utilisation_violation_ns:
    case field::reliability_violation_ns:
    case field::base_clocks_violation_ns:
      set_count(value, 0);
      return true;
    default:
      return false;
  }
}

std::optional<std::int64_t> pcie_errors(const sim::PcieErrors& errors, unsigned id) {
  switch (id) {
    case field::pcie_replay_rollover:
      return errors.rollovers;
    case field::pcie_l0_to_recovery:
      return errors.recoveries;
    case field::pcie_naks_received:
      return errors.naks_received;
    case field::pcie_receiver_errors:
      return errors.receiver;
    case field::pcie_bad_tlp:
      return errors.bad_tlp;
    case field::pcie_naks_sent:
      return errors.naks_sent;
    case field::pcie_bad_dllp:
      return errors.bad_dllp;
    case field::pcie_nonfatal:
      return errors.nonfatal;
    case field::pcie_fatal:
      return errors.fatal;
    default:
      return std::nullopt;
  }
}

bool set_pcie(const GpuView& gpu, FieldValue& value) {
  if (value.field_id == field::pcie_replay) {
    set_count(value, gpu.dynamic.pcie_replay);
    return true;
  }
  if (value.field_id == field::pcie_sent_bytes || value.field_id == field::pcie_received_bytes) {
    set_unsigned(value, static_cast<unsigned>(value.field_id == field::pcie_sent_bytes
                                                  ? gpu.dynamic.pcie_sent_bytes
                                                  : gpu.dynamic.pcie_received_bytes));
    return true;
  }
  if (const auto count = pcie_errors(gpu.dynamic.pcie_errors, value.field_id)) {
    set_unsigned(value, static_cast<unsigned>(*count));
    return true;
  }
  return false;
}

unsigned long long kib(std::int64_t bytes) {
  constexpr std::int64_t kBytes = 1024;
  return static_cast<unsigned long long>(bytes / kBytes);
}

/// What a field says of one link; nothing for a field that is not of links.
std::optional<unsigned long long> of_link(const GpuView& gpu, unsigned id, unsigned link) {
  switch (id) {
    case field::nvlink_replay:
      return link_errors(gpu, link, kNvlinkReplay);
    case field::nvlink_recovery:
      return link_errors(gpu, link, kNvlinkRecovery);
    case field::nvlink_crc:
      return link_errors(gpu, link, kNvlinkCrcFlit);
    case field::nvlink_data_sent_kib:
      return kib(gpu.dynamic.nvlinks[link].sent_bytes);
    case field::nvlink_data_received_kib:
      return kib(gpu.dynamic.nvlinks[link].received_bytes);
    case field::nvlink_remote_link_id:
      return remote_link(gpu, link);
    case field::nvlink_speed_mb_per_s:
      return link_active(gpu, link) ? kNvlinkMegabytesPerS : 0;
    case field::nvlink_state:
      return link_active(gpu, link);
    case field::nvlink_version:
      return kNvlinkVersion4;
    default:
      return std::nullopt;
  }
}

bool set_nvlink(const GpuView& gpu, FieldValue& value, Return& result) {
  const unsigned links = links_up(gpu.state, gpu.gpu, gpu.now);
  switch (value.field_id) {
    case field::nvlink_link_count:
      set_unsigned(value, sim::kNvlinks);
      return true;
    case field::nvlink_speed_common_mb_per_s:
      set_unsigned(value, links > 0 ? kNvlinkMegabytesPerS : 0);
      return true;
    case field::nvswitch_connected_links:
      set_unsigned(value, gpu.state.has_fabric() ? links : 0);
      return true;
    case field::nvlink_replay_total:
      set_count(value, errors_of_all_links(gpu, kNvlinkReplay));
      return true;
    case field::nvlink_recovery_total:
      set_count(value, errors_of_all_links(gpu, kNvlinkRecovery));
      return true;
    case field::nvlink_crc_flit_total:
      set_count(value, errors_of_all_links(gpu, kNvlinkCrcFlit));
      return true;
    case field::nvlink_crc_data_total:
      set_count(value, 0);
      return true;
    default:
      break;
  }
  const bool traffic =
      value.field_id == field::nvlink_data_sent_kib || value.field_id == field::nvlink_data_received_kib;
  const bool summed = traffic && value.scope_id == kSumOverLinks;
  auto one = of_link(gpu, value.field_id, summed || value.scope_id >= sim::kNvlinks ? 0 : value.scope_id);
  for (unsigned link = 1; summed && one && link < sim::kNvlinks; ++link)
    *one += *of_link(gpu, value.field_id, link);
  if (!one) return false;
  if (!summed && value.scope_id >= sim::kNvlinks) {
    result = Return::invalid_argument;
    return true;
  }
  // NCCL reads state, speed and version as unsigned int.
  if (*one <= std::numeric_limits<unsigned>::max() && value.field_id >= field::nvlink_speed_mb_per_s &&
      value.field_id <= field::nvlink_version) {
    set_unsigned(value, static_cast<unsigned>(*one));
  } else {
    set_count(value, *one);
  }
  return true;
}

/// Of the power fields the scope is GPU, module or memory; an H200 answers for the GPU alone.
bool has_power_scope(unsigned id) {
  return id >= field::power_average_mw && id <= field::power_requested_limit_mw;
}

Return set_field(const GpuView& gpu, FieldValue& value) {
  if (value.field_id == 0 || value.field_id >= kFieldCount) return Return::invalid_argument;
  const auto of_today = field_of_today(fixed_text(gpu.state.driver_version), value.field_id);
  if (!of_today) return Return::not_supported;
  const unsigned asked = std::exchange(value.field_id, *of_today);
  if (has_power_scope(value.field_id) && value.scope_id != 0) return Return::not_supported;
  Return result = Return::success;
  const bool known = set_ecc(gpu, value) || set_power_and_heat(gpu, value) || set_pcie(gpu, value) ||
                     set_nvlink(gpu, value, result);
  value.field_id = asked;
  return known ? result : Return::not_supported;
}

/// Each entry is an answer of its own.
void plant_in_fields(Device device, int count, FieldValue* values) {
  const auto shared = Session::instance().state();
  for (FieldValue* value = values; shared && value != values + count; ++value) {
    const auto planted = planted_answer(**shared, device->gpu, "nvmlDeviceGetFieldValues", value->field_id);
    if (!planted) continue;
    std::this_thread::sleep_for(std::chrono::duration<double>(planted->delay_s));
    value->result = planted->result;
    if (planted->result != Return::success) continue;
    if (value->value_type == kSignedInt) {
      set_signed(*value, saturated<int>(planted->value));
    } else if (value->value_type == kUnsignedInt) {
      set_unsigned(*value, saturated<unsigned>(planted->value));
    } else {
      set_count(*value, saturated<unsigned long long>(planted->value));
    }
  }
}

}  // namespace

Return nvmlDeviceGetFieldValues(Device device, int count, FieldValue* values) {
  constexpr Nanoseconds kMicrosecond = 1000;
  const Return result = with_gpu(device, values && count > 0, [&](const GpuView& gpu) {
    for (FieldValue* value = values; value != values + count; ++value) {
      value->timestamp_us = gpu.now / kMicrosecond;
      value->latency_us = 0;
      set_count(*value, 0ULL);  // until something is known of it
      value->result = set_field(gpu, *value);
    }
    return Return::success;
  });
  if (result == Return::success) plant_in_fields(device, count, values);
  return result;
}

}  // namespace assay::nvml
