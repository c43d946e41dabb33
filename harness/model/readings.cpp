#include "harness/model/readings.h"

#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

constexpr const char* kMissing = "missing";

template <typename T>
json packed(const Reading<T>& reading) {
  if (!reading.has_value()) return {{kMissing, reading.missing}};
  return *reading.value;
}

template <typename T>
void unpack(const json& j, Reading<T>& reading) {
  reading = j.is_object() ? Reading<T>::none(j.at(kMissing).get<std::string>()) : Reading<T>::of(j.get<T>());
}

/// Calls visit(key, member) for each reading, so that writing and reading cannot disagree about a name.
template <typename Identity, typename Visit>
void each_identity_reading(Identity& v, Visit visit) {
  visit("name", v.name);
  visit("uuid", v.uuid);
  visit("serial", v.serial);
  visit("board_part_number", v.board_part_number);
  visit("vbios", v.vbios);
  visit("inforom_image", v.inforom_image);
  visit("gsp_firmware", v.gsp_firmware);
  visit("inforom_valid", v.inforom_valid);
  visit("pci_address", v.pci_address);
  visit("pci_device", v.pci_device);
  visit("module_id", v.module_id);
  visit("memory_mib", v.memory_mib);
  visit("ecc_enabled", v.ecc_enabled);
  visit("mig_enabled", v.mig_enabled);
  visit("ecc_after_reset", v.ecc_after_reset);
  visit("mig_after_reset", v.mig_after_reset);
  visit("persistence_enabled", v.persistence_enabled);
  visit("compute_mode", v.compute_mode);
  visit("power_limit_mw", v.power_limit_mw);
  visit("power_default_limit_mw", v.power_default_limit_mw);
  visit("pcie_max_generation", v.pcie_max_generation);
  visit("pcie_max_width", v.pcie_max_width);
  visit("max_sm_mhz", v.max_sm_mhz);
  visit("max_memory_mhz", v.max_memory_mhz);
  visit("set_sm_mhz", v.set_sm_mhz);
  visit("default_sm_mhz", v.default_sm_mhz);
  visit("compute_capability", v.compute_capability);
}

template <typename State, typename Visit>
void each_state_reading(State& v, Visit visit) {
  visit("row_remap_pending", v.row_remap_pending);
  visit("row_remap_failure", v.row_remap_failure);
  visit("spare_rows_all", v.spare_rows.all);
  visit("spare_rows_most", v.spare_rows.most);
  visit("spare_rows_some", v.spare_rows.some);
  visit("spare_rows_few", v.spare_rows.few);
  visit("spare_rows_none", v.spare_rows.none);
  visit("lifetime_corrected_dram", v.lifetime.corrected_dram);
  visit("lifetime_uncorrected_dram", v.lifetime.uncorrected_dram);
  visit("lifetime_corrected_sram", v.lifetime.corrected_sram);
  visit("lifetime_uncorrected_sram", v.lifetime.uncorrected_sram);
  visit("lifetime_uncorrected_l2", v.lifetime.uncorrected_l2);
  visit("lifetime_uncorrected_sm", v.lifetime.uncorrected_sm);
  visit("lifetime_uncorrected_pcie", v.lifetime.uncorrected_pcie);
  visit("lifetime_uncorrected_mcu", v.lifetime.uncorrected_mcu);
  visit("lifetime_uncorrected_other", v.lifetime.uncorrected_other);
  visit("channel_repair_pending", v.channel_repair_pending);
  visit("tpc_repair_pending", v.tpc_repair_pending);
  visit("recovery_action", v.recovery_action);
  visit("sram_threshold_exceeded", v.sram_threshold_exceeded);
  visit("utilisation_percent", v.utilisation_percent);
  visit("pcie_generation", v.pcie_generation);
  visit("pcie_width", v.pcie_width);
  visit("power_brake", v.power_brake);
  visit("processes", v.processes);
  visit("fabric_state", v.fabric_state);
  visit("fabric_status", v.fabric_status);
  visit("fabric_health", v.fabric_health);
}

template <typename Link, typename Visit>
void each_nvlink_reading(Link& v, Visit visit) {
  visit("up", v.up);
  visit("mb_per_s", v.mb_per_s);
  visit("remote", v.remote);
  visit("remote_link", v.remote_link);
  visit("replays", v.replays);
  visit("recoveries", v.recoveries);
  visit("crc_errors", v.crc_errors);
}

template <typename Node, typename Visit>
void each_node_reading(Node& v, Visit visit) {
  visit("driver_version", v.driver_version);
  visit("nvml_version", v.nvml_version);
  visit("cuda_driver_version", v.cuda_driver_version);
  visit("confidential_compute", v.confidential_compute);
}

/// A visitor that writes, and one that reads.
auto writer(json& j) {
  return [&j](const char* key, const auto& reading) { j[key] = packed(reading); };
}
auto reader(const json& j) {
  return [&j](const char* key, auto& reading) { unpack(j.at(key), reading); };
}

}  // namespace

void to_json(json& j, const ForeignProcess& v) {
  j = {{"pid", v.pid}, {"memory_bytes", v.memory_bytes}};
}

void from_json(const json& j, ForeignProcess& v) {
  j.at("pid").get_to(v.pid);
  j.at("memory_bytes").get_to(v.memory_bytes);
}

void to_json(json& j, const GpuIdentity& v) {
  j = json::object();
  each_identity_reading(v, writer(j));
}

void from_json(const json& j, GpuIdentity& v) {
  each_identity_reading(v, reader(j));
}

void to_json(json& j, const GpuSample& v) {
  j = {{"time", v.time}};
  const auto write = writer(j);
  write("power_mw", v.power_mw);
  write("sm_mhz", v.sm_mhz);
  write("memory_mhz", v.memory_mhz);
  write("temperature_c", v.temperature_c);
  write("memory_temperature_c", v.memory_temperature_c);
  write("utilisation_percent", v.utilisation_percent);
  write("memory_utilisation_percent", v.memory_utilisation_percent);
  write("throttle_reasons", v.throttle_reasons);
  write("pcie_generation", v.pcie_generation);
  write("pcie_width", v.pcie_width);
  write("memory_used_mib", v.memory_used_mib);
  write("margin_c", v.margin_c);
}

void to_json(json& j, const NvlinkReading& v) {
  j = json::object();
  each_nvlink_reading(v, writer(j));
}

void from_json(const json& j, NvlinkReading& v) {
  each_nvlink_reading(v, reader(j));
}

void to_json(json& j, const GpuState& v) {
  j = {{"nvlinks", v.nvlinks}};
  each_state_reading(v, writer(j));
  json& counters = j["counters"] = json::object();
  for (const auto& [name, reading] : v.counters) counters[name] = packed(reading);
}

void from_json(const json& j, GpuState& v) {
  j.at("nvlinks").get_to(v.nvlinks);
  each_state_reading(v, reader(j));
  v.counters.clear();
  for (const auto& [name, reading] : j.at("counters").items()) unpack(reading, v.counters[name]);
}

void to_json(json& j, const GpuReadings& v) {
  j = {{"identity", v.identity}, {"state", v.state}};
  if (!v.lost.empty()) j["lost"] = v.lost;
}

void from_json(const json& j, GpuReadings& v) {
  j.at("identity").get_to(v.identity);
  j.at("state").get_to(v.state);
  v.lost = j.value("lost", "");
}

void to_json(json& j, const NodeReadings& v) {
  j = {{"time", v.time},
       {"simulated", v.simulated},
       {"gpus", v.gpus},
       {"events_before", v.events_before},
       {"more_events_before", v.more_events_before},
       {"kernel_log_missing", v.kernel_log_missing}};
  each_node_reading(v, writer(j));
}

void from_json(const json& j, NodeReadings& v) {
  j.at("time").get_to(v.time);
  j.at("simulated").get_to(v.simulated);
  j.at("gpus").get_to(v.gpus);
  j.at("events_before").get_to(v.events_before);
  j.at("more_events_before").get_to(v.more_events_before);
  j.at("kernel_log_missing").get_to(v.kernel_log_missing);
  each_node_reading(v, reader(j));
}

}  // namespace assay
