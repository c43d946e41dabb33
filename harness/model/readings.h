// What the management library says of the node, as plain values. A reading that could not be taken carries
// its reason.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/model/kernel_event.h"
#include "harness/model/time.h"

namespace assay {

/// A value, or why there is none: "not_supported", "gpu_lost", "no_permission", "timeout", ...
/// (node/nvml_client.h).
template <typename T>
struct Reading {
  std::optional<T> value;
  std::string missing;  // empty when there is a value

  static Reading of(T v) { return {std::move(v), {}}; }
  static Reading none(std::string why) { return {std::nullopt, std::move(why)}; }
  bool has_value() const { return value.has_value(); }
};

using Integer = Reading<std::int64_t>;
using Text = Reading<std::string>;

/// Names of the counters that are read before and after every step. Monotonic; units are counts unless the
/// name says so.
namespace counters {
inline constexpr const char* ecc_corrected_dram = "ecc_corrected_dram";
inline constexpr const char* ecc_uncorrected_dram = "ecc_uncorrected_dram";
inline constexpr const char* ecc_corrected_sram = "ecc_corrected_sram";
inline constexpr const char* ecc_uncorrected_sram = "ecc_uncorrected_sram";
inline constexpr const char* remapped_corrected = "remapped_rows_corrected";
inline constexpr const char* remapped_uncorrected = "remapped_rows_uncorrected";
inline constexpr const char* pcie_replay = "pcie_replay";
inline constexpr const char* pcie_rollover = "pcie_rollover";  // replays that had to be begun anew
inline constexpr const char* pcie_recovery = "pcie_recovery";  // the link trained again
inline constexpr const char* pcie_naks = "pcie_naks";          // packets that either end refused
inline constexpr const char* pcie_corrected = "pcie_corrected";
inline constexpr const char* pcie_uncorrected = "pcie_uncorrected";  // fatal ones, too
// For how long each reason has held the clocks down.
inline constexpr const char* software_thermal_ns = "sw_thermal_throttle_ns";
inline constexpr const char* hardware_thermal_ns = "hw_thermal_throttle_ns";
inline constexpr const char* power_brake_ns = "power_brake_throttle_ns";
inline constexpr const char* power_cap_ns = "power_throttle_ns";
inline constexpr const char* energy_mj = "energy_mj";
}  // namespace counters

/// Who and what a GPU is; read once, while planning, and again by inventory.gpus.
struct GpuIdentity {
  Text name, uuid, serial, board_part_number, vbios, inforom_image, gsp_firmware;
  Integer inforom_valid;  // 1: its checksums hold; see nvmlDeviceValidateInforom
  Text pci_address;       // "0000:1b:00.0", lower case, 4-digit domain
  Integer pci_device;     // 0x233510de: device id in the upper half
  Integer module_id;
  Integer memory_mib;  // total, as nvidia-smi shows it
  Integer ecc_enabled, mig_enabled, persistence_enabled, compute_mode;
  Integer ecc_after_reset, mig_after_reset;  // what somebody has set, and no reset has put into force yet
  Integer power_limit_mw, power_default_limit_mw;
  Integer pcie_max_generation, pcie_max_width;
  Integer max_sm_mhz, max_memory_mhz;
  Integer set_sm_mhz, default_sm_mhz;  // what the SM clock is set to rise to, and would be by itself
  Integer compute_capability;          // 90 is 9.0
};

/// What may change while a step runs. Sampled at the plan's rate.
/// Why a reading that is asked for less often is not there.
inline constexpr const char* kNotAsked = "not_asked";

struct GpuSample {
  Nanoseconds time = 0;
  Integer power_mw;  // instantaneous where the driver has it, else the 1 s average
  Integer sm_mhz, memory_mhz;
  Integer temperature_c, memory_temperature_c;
  Integer utilisation_percent, memory_utilisation_percent;
  Integer throttle_reasons;  // nvmlClocksEventReason* bits
  Integer pcie_generation, pcie_width;
  Integer memory_used_mib;
  Integer margin_c;  // from where heat slows it down; asked once a second, none in between
};

/// One NVLink of a GPU at one moment. Of one that is down the driver knows nothing more.
struct NvlinkReading {
  Integer up;           // 1: it is
  Integer mb_per_s;     // one way
  Text remote;          // PCI address of what it ends at; "not_shown" in a virtual machine without it
  Integer remote_link;  // number of the port there
  // Since the driver was loaded.
  Integer replays, recoveries, crc_errors;
};

struct ForeignProcess {
  std::int64_t pid = 0;
  std::int64_t memory_bytes = 0;  // -1: the driver cannot tell
};

/// Banks of the memory, by how many of their spare rows are left.
struct SpareRows {
  Integer all, most, some, few, none;
};

/// What ECC has counted in the card's life: its InfoROM keeps it when the driver is loaded anew. Those of
/// on-chip memory by where they were.
struct LifetimeErrors {
  Integer corrected_dram, uncorrected_dram, corrected_sram, uncorrected_sram;
  Integer uncorrected_l2, uncorrected_sm, uncorrected_pcie, uncorrected_mcu, uncorrected_other;
};

/// State and counters of one GPU at one moment: taken before and after every step.
struct GpuState {
  std::map<std::string, Integer> counters;  // by the names above
  Integer row_remap_pending, row_remap_failure;
  SpareRows spare_rows;
  LifetimeErrors lifetime;
  Integer channel_repair_pending, tpc_repair_pending;  // 1: takes effect with the next reset
  Integer recovery_action;                             // nvmlDeviceGpuRecoveryAction: 0 is none
  Integer sram_threshold_exceeded;
  Integer utilisation_percent;
  Integer pcie_generation, pcie_width;
  Integer power_brake;                             // 1: asserted from outside at this moment
  Reading<std::vector<ForeignProcess>> processes;  // compute processes, ours included
  std::vector<NvlinkReading> nvlinks;              // in the GPU's order
  /// Of the way over the switches: 3 is completed. Its result, 0 is success, says something only then.
  Integer fabric_state, fabric_status;
  /// nvmlGpuFabricInfo_v3_t::healthSummary: 0 not said, 1 healthy, 2 unhealthy, 3 of limited capacity.
  Integer fabric_health;
  bool has_unwell_fabric() const { return fabric_health.value.value_or(0) > 1; }
};

struct GpuReadings {
  GpuIdentity identity;
  GpuState state;
  /// Why the management library cannot talk to this GPU at all ("gpu_lost", "timeout"); empty when it can.
  std::string lost;
};

struct NodeReadings {
  Nanoseconds time = 0;
  std::vector<GpuReadings> gpus;  // in the library's order, which says nothing about slots
  Text driver_version, nvml_version;
  Integer cuda_driver_version;  // 13000 is 13.0
  /// nvmlConfComputeSystemState_t::ccFeature: 1: memory and transfers are encrypted.
  Integer confidential_compute;
  bool simulated = false;  // the library said so itself
  /// What the kernel's log held of this boot when the run began, cut and counted; why it cannot be read.
  std::vector<KernelEvent> events_before;
  std::int64_t more_events_before = 0;  // further ones, of kinds that are not there
  std::string kernel_log_missing;
};

void to_json(nlohmann::json& j, const GpuIdentity& v);
void from_json(const nlohmann::json& j, GpuIdentity& v);
void to_json(nlohmann::json& j, const GpuSample& v);
void to_json(nlohmann::json& j, const NvlinkReading& v);
void from_json(const nlohmann::json& j, NvlinkReading& v);
void to_json(nlohmann::json& j, const GpuState& v);
void from_json(const nlohmann::json& j, GpuState& v);
void to_json(nlohmann::json& j, const NodeReadings& v);
void from_json(const nlohmann::json& j, NodeReadings& v);

}  // namespace assay
