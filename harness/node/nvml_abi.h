// NVML's C ABI as far as it is used here: types, constants, return codes. Our own declarations, so that
// neither a driver nor a CUDA toolkit is needed to build. Layouts and values: NVIDIA's public nvml.h
// (NVIDIA/go-nvml, gen/nvml/nvml.h, CUDA 13.3).
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::nvml {

/// nvmlReturn_t.
enum class Return : int {
  success = 0,
  uninitialized = 1,
  invalid_argument = 2,
  not_supported = 3,
  no_permission = 4,
  already_initialized = 5,
  not_found = 6,
  insufficient_size = 7,
  insufficient_power = 8,
  driver_not_loaded = 9,
  timeout = 10,
  irq_issue = 11,
  library_not_found = 12,
  function_not_found = 13,
  corrupted_inforom = 14,
  gpu_lost = 15,
  reset_required = 16,
  operating_system = 17,
  library_driver_mismatch = 18,
  in_use = 19,
  memory = 20,
  no_data = 21,
  vgpu_ecc_not_supported = 22,
  insufficient_resources = 23,
  frequency_not_supported = 24,
  argument_version_mismatch = 25,
  deprecated = 26,
  not_ready = 27,
  gpu_not_found = 28,
  invalid_state = 29,
  reset_type_not_supported = 30,
  unknown = 999,
};

/// What nvmlDevice_t and nvmlEventSet_t point to is the library's own business.
using Device = struct DeviceObject*;
using EventSet = struct EventSetObject*;

constexpr unsigned versioned(std::size_t size, unsigned number) {
  return static_cast<unsigned>(size) | (number << 24);
}

enum ClockDomain : unsigned { kClockGraphics = 0, kClockSm = 1, kClockMemory = 2, kClockVideo = 3 };
// nvmlClockId_t. The target is what somebody has set (applications clocks).
enum ClockId : unsigned {
  kClockIdCurrent = 0,
  kClockIdTarget = 1,
  kClockIdDefault = 2,
  kClockIdBoostMax = 3
};
inline constexpr unsigned kClockIds = 4;
enum EccErrorType : unsigned { kCorrected = 0, kUncorrected = 1 };
enum EccCounterType : unsigned { kVolatile = 0, kAggregate = 1 };
enum MemoryLocation : unsigned { kLocationDram = 2, kLocationSram = 7 };
enum NvlinkErrorCounter : unsigned { kNvlinkReplay = 0, kNvlinkRecovery = 1, kNvlinkCrcFlit = 2 };
enum NvlinkRemoteType : unsigned { kRemoteSwitch = 2 };
enum TemperatureSensor : unsigned { kSensorGpu = 0 };
enum TemperatureThreshold : unsigned { kShutdown = 0, kSlowdown = 1, kMemoryMax = 2, kGpuMax = 3 };

/// Bits of nvmlDeviceGetCurrentClocksEventReasons.
namespace clocks_event_reason {
inline constexpr std::uint64_t gpu_idle = 0x01;
inline constexpr std::uint64_t application_clocks = 0x02;
inline constexpr std::uint64_t software_power_cap = 0x04;
inline constexpr std::uint64_t hardware_slowdown = 0x08;
inline constexpr std::uint64_t sync_boost = 0x10;
inline constexpr std::uint64_t software_thermal = 0x20;
inline constexpr std::uint64_t hardware_thermal = 0x40;
inline constexpr std::uint64_t hardware_power_brake = 0x80;
}  // namespace clocks_event_reason

namespace event_type {
inline constexpr std::uint64_t single_bit_ecc = 0x1;
inline constexpr std::uint64_t double_bit_ecc = 0x2;
inline constexpr std::uint64_t xid = 0x8;
inline constexpr std::uint64_t recovery_action = 0x8000;
}  // namespace event_type

inline constexpr unsigned kFieldCount = 303;  // NVML_FI_MAX of CUDA 13.3
/// Ids of nvmlDeviceGetFieldValues.
namespace field {
inline constexpr unsigned ecc_current = 1, ecc_pending = 2;
inline constexpr unsigned ecc_corrected_volatile = 3, ecc_uncorrected_volatile = 4;
inline constexpr unsigned ecc_corrected_aggregate = 5, ecc_uncorrected_aggregate = 6;
inline constexpr unsigned nvlink_crc_flit_total = 38, nvlink_crc_data_total = 45;
inline constexpr unsigned nvlink_replay_total = 52, nvlink_recovery_total = 59;
inline constexpr unsigned power_violation_ns = 74, thermal_violation_ns = 75, sync_boost_violation_ns = 76;
inline constexpr unsigned board_limit_violation_ns = 77, low_utilisation_violation_ns = 78;
inline constexpr unsigned reliability_violation_ns = 79, base_clocks_violation_ns = 81;
inline constexpr unsigned memory_temperature = 82, total_energy_mj = 83;
inline constexpr unsigned nvlink_speed_common_mb_per_s = 90, nvlink_link_count = 91;
inline constexpr unsigned pcie_replay = 94, pcie_replay_rollover = 95;
inline constexpr unsigned nvlink_data_sent_kib = 138, nvlink_data_received_kib = 139;
inline constexpr unsigned remapped_corrected = 142, remapped_uncorrected = 143;
inline constexpr unsigned remap_pending = 144, remap_failure = 145;
inline constexpr unsigned nvlink_remote_link_id = 146, nvswitch_connected_links = 147;
inline constexpr unsigned nvlink_replay = 161, nvlink_recovery = 162, nvlink_crc = 163;
inline constexpr unsigned nvlink_speed_mb_per_s = 164, nvlink_state = 165, nvlink_version = 166;
inline constexpr unsigned pcie_l0_to_recovery = 169;
inline constexpr unsigned pcie_naks_received = 174, pcie_receiver_errors = 175, pcie_bad_tlp = 176;
inline constexpr unsigned pcie_naks_sent = 177, pcie_bad_dllp = 178, pcie_nonfatal = 179, pcie_fatal = 180;
inline constexpr unsigned power_average_mw = 185, power_instant_mw = 186, power_min_limit_mw = 187;
inline constexpr unsigned power_max_limit_mw = 188, power_default_limit_mw = 189,
                          power_current_limit_mw = 190;
inline constexpr unsigned energy_mj = 191, power_requested_limit_mw = 192;
inline constexpr unsigned pcie_sent_bytes = 197, pcie_received_bytes = 198;  // of 32 bits
inline constexpr unsigned shutdown_offset_c = 193, slowdown_offset_c = 194;
inline constexpr unsigned memory_max_offset_c = 195, gpu_max_offset_c = 196;
inline constexpr unsigned recovery_action = 230;
/// Time for which each reason has held the clocks down, ns.
struct Slowdowns {
  unsigned software_thermal_ns, hardware_thermal_ns, power_brake_ns;
};
/// Renumbered in CUDA 13.0 Update 1, where the old ones became settings of power smoothing: which of the two
/// apply depends on the driver (slowdown_fields).
inline constexpr Slowdowns slowdowns_before_13_0_1{251, 252, 253}, slowdowns{269, 270, 271};
}  // namespace field

/// nvmlPciInfo_t. The unversioned call of old knows only the first 52 bytes: up to and without `bus_id`, in
/// PciInfo52.
struct PciInfo52 {
  char bus_id_legacy[16];  // 4-digit domain
  unsigned domain, bus, device;
  unsigned device_id;  // device id in the upper half, vendor id in the lower
  unsigned subsystem_id;
  unsigned reserved[4];
};
struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];  // 8-digit domain
};
struct PciInfoExt {
  unsigned version, domain, bus, device, device_id, subsystem_id, base_class, sub_class;
  char bus_id[32];
};

struct Memory {
  unsigned long long total, free, used;  // bytes; used includes what the driver reserves
};
struct MemoryV2 {
  unsigned version;
  unsigned long long total, reserved, free, used;  // bytes; used does not include reserved
};
struct Bar1Memory {
  unsigned long long total, free, used;
};

struct Utilization {
  unsigned gpu, memory;  // percent
};

struct ProcessInfoV1 {
  unsigned pid;
  unsigned long long used_memory;  // bytes
};
struct ProcessInfo {
  unsigned pid;
  unsigned long long used_memory;  // bytes
  unsigned gpu_instance, compute_instance;
};
struct ProcessUtilization {
  unsigned pid;
  unsigned long long timestamp_us;
  unsigned sm, memory, encoder, decoder;  // percent
};

struct Temperature {
  unsigned version, sensor;
  int celsius;
};
struct MarginTemperature {
  unsigned version;
  int margin_c;
};

struct RowRemapperHistogram {
  unsigned max, high, partial, low, none;  // banks, by spare rows left
};

struct SramEccErrorStatus {
  unsigned version;
  unsigned long long aggregate_uncorrected_parity, aggregate_uncorrected_sec_ded, aggregate_corrected;
  unsigned long long volatile_uncorrected_parity, volatile_uncorrected_sec_ded, volatile_corrected;
  unsigned long long aggregate_uncorrected_l2, aggregate_uncorrected_sm, aggregate_uncorrected_pcie;
  unsigned long long aggregate_uncorrected_mcu, aggregate_uncorrected_other;
  unsigned threshold_exceeded;
};

struct RepairStatus {
  unsigned version, channel_repair_pending, tpc_repair_pending;
};

struct C2cModeInfo {
  unsigned enabled;
};

enum ValueType : int {
  kDouble = 0,
  kUnsignedInt = 1,
  kUnsignedLong = 2,
  kUnsignedLongLong = 3,
  kSignedLongLong = 4,
  kSignedInt = 5,
  kUnsignedShort = 6,
};
union Value {
  double d;
  int si;
  unsigned ui;
  unsigned long ul;
  unsigned long long ull;
  long long sll;
  unsigned short us;
};
struct FieldValue {
  unsigned field_id, scope_id;
  long long timestamp_us, latency_us;
  ValueType value_type;
  Return result;
  Value value;
};

inline constexpr std::size_t kGspFirmwareVersionLength = 0x40;  // NVML_GSP_FIRMWARE_VERSION_BUF_SIZE
inline constexpr unsigned char kFabricCompleted = 3;
struct FabricInfo {
  unsigned char cluster_uuid[16];
  Return status;
  unsigned clique_id;
  unsigned char state;
};
struct FabricInfoV2 {
  unsigned version;
  unsigned char cluster_uuid[16];
  Return status;
  unsigned clique_id;
  unsigned char state;
  unsigned health_mask;
};
struct FabricInfoV3 {
  unsigned version;
  unsigned char cluster_uuid[16];
  Return status;
  unsigned clique_id;
  unsigned char state;
  unsigned health_mask;
  unsigned char health_summary;
};

struct ConfComputeState {
  unsigned environment, feature, developer_tools;
};
struct ConfComputeSettings {
  unsigned version, environment, feature, developer_tools, multi_gpu;
};

struct EventData {
  Device device;
  unsigned long long type;
  unsigned long long data;  // the Xid, for an Xid event
  unsigned gpu_instance, compute_instance;
};

inline constexpr unsigned kPciInfoExtV1 = versioned(sizeof(PciInfoExt), 1);
inline constexpr unsigned kMemoryV2 = versioned(sizeof(MemoryV2), 2);
inline constexpr unsigned kTemperatureV1 = versioned(sizeof(Temperature), 1);
inline constexpr unsigned kMarginTemperatureV1 = versioned(sizeof(MarginTemperature), 1);
inline constexpr unsigned kSramEccErrorStatusV1 = versioned(sizeof(SramEccErrorStatus), 1);
inline constexpr unsigned kRepairStatusV1 = versioned(sizeof(RepairStatus), 1);
inline constexpr unsigned kFabricInfoV2 = versioned(sizeof(FabricInfoV2), 2);
inline constexpr unsigned kFabricInfoV3 = versioned(sizeof(FabricInfoV3), 3);
inline constexpr unsigned kConfComputeSettingsV1 = versioned(sizeof(ConfComputeSettings), 1);

static_assert(sizeof(PciInfo52) == 52 && sizeof(PciInfo) == 68 && offsetof(PciInfo, bus_id) == 36);
static_assert(offsetof(PciInfo52, subsystem_id) == offsetof(PciInfo, subsystem_id));
static_assert(kPciInfoExtV1 == 0x01000040 && kMemoryV2 == 0x02000028 && kTemperatureV1 == 0x0100000C);
static_assert(kMarginTemperatureV1 == 0x01000008 && kSramEccErrorStatusV1 == 0x01000068);
static_assert(kRepairStatusV1 == 0x0100000C && kFabricInfoV2 == 0x02000024 && kFabricInfoV3 == 0x03000028);
static_assert(kConfComputeSettingsV1 == 0x01000014);
static_assert(offsetof(SramEccErrorStatus, threshold_exceeded) == 96);
static_assert(sizeof(Memory) == 24 && sizeof(Bar1Memory) == 24 && sizeof(Utilization) == 8);
static_assert(sizeof(ProcessInfoV1) == 16 && sizeof(ProcessInfo) == 24 && sizeof(ProcessUtilization) == 32);
static_assert(sizeof(RowRemapperHistogram) == 20 && sizeof(EventData) == 32);
static_assert(sizeof(FieldValue) == 40 && offsetof(FieldValue, value_type) == 24);
static_assert(offsetof(FieldValue, result) == 28 && offsetof(FieldValue, value) == 32);
static_assert(sizeof(FabricInfo) == 28 && offsetof(FabricInfoV3, health_mask) == 32);

}  // namespace assay::nvml
