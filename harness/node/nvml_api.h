// The functions of one opened NVML library. A symbol that it lacks answers Return::function_not_found when
// called.
#pragma once

#include "harness/node/library.h"
#include "harness/node/nvml_functions.h"

namespace assay::nvml {

template <typename Signature>
class Function;

template <typename... Arguments>
class Function<Return(Arguments...)> {
 public:
  Function(const Library& library, const char* symbol)
      : pointer_(reinterpret_cast<Return (*)(Arguments...)>(library.symbol(symbol))) {}
  explicit Function(Return (*pointer)(Arguments...)) : pointer_(pointer) {}

  Return operator()(Arguments... arguments) const {
    return pointer_ ? pointer_(arguments...) : Return::function_not_found;
  }
  bool exists() const { return pointer_ != nullptr; }

 private:
  Return (*pointer_)(Arguments...);
};

/// A member is named as the function without its prefix: device_name is nvmlDeviceGetName.
struct Api {
  explicit Api(const Library& opened) : library(opened) {}
  const Library& library;

// NOLINTBEGIN(bugprone-macro-parentheses): a member's name can stand in none.
#define ASSAY_NVML(member, symbol)    \
  Function<decltype(symbol)> member { \
    library, #symbol                  \
  }
  // NOLINTEND(bugprone-macro-parentheses)
  ASSAY_NVML(init, nvmlInit_v2);
  ASSAY_NVML(shutdown, nvmlShutdown);
  ASSAY_NVML(driver_version, nvmlSystemGetDriverVersion);
  ASSAY_NVML(nvml_version, nvmlSystemGetNVMLVersion);
  ASSAY_NVML(cuda_driver_version, nvmlSystemGetCudaDriverVersion_v2);
  ASSAY_NVML(conf_compute_state, nvmlSystemGetConfComputeState);
  ASSAY_NVML(device_count, nvmlDeviceGetCount_v2);
  ASSAY_NVML(device_by_index, nvmlDeviceGetHandleByIndex_v2);

  ASSAY_NVML(name, nvmlDeviceGetName);
  ASSAY_NVML(uuid, nvmlDeviceGetUUID);
  ASSAY_NVML(serial, nvmlDeviceGetSerial);
  ASSAY_NVML(board_part_number, nvmlDeviceGetBoardPartNumber);
  ASSAY_NVML(vbios_version, nvmlDeviceGetVbiosVersion);
  ASSAY_NVML(inforom_image_version, nvmlDeviceGetInforomImageVersion);
  ASSAY_NVML(validate_inforom, nvmlDeviceValidateInforom);
  ASSAY_NVML(gsp_firmware_version, nvmlDeviceGetGspFirmwareVersion);
  ASSAY_NVML(module_id, nvmlDeviceGetModuleId);
  ASSAY_NVML(pci_info, nvmlDeviceGetPciInfo_v3);
  ASSAY_NVML(compute_capability, nvmlDeviceGetCudaComputeCapability);

  ASSAY_NVML(persistence_mode, nvmlDeviceGetPersistenceMode);
  ASSAY_NVML(compute_mode, nvmlDeviceGetComputeMode);
  ASSAY_NVML(mig_mode, nvmlDeviceGetMigMode);
  ASSAY_NVML(ecc_mode, nvmlDeviceGetEccMode);
  ASSAY_NVML(memory_info, nvmlDeviceGetMemoryInfo);
  ASSAY_NVML(memory_info_v2, nvmlDeviceGetMemoryInfo_v2);
  ASSAY_NVML(memory_error_counter, nvmlDeviceGetMemoryErrorCounter);
  ASSAY_NVML(sram_ecc_error_status, nvmlDeviceGetSramEccErrorStatus);
  ASSAY_NVML(remapped_rows, nvmlDeviceGetRemappedRows);
  ASSAY_NVML(row_remapper_histogram, nvmlDeviceGetRowRemapperHistogram);
  ASSAY_NVML(repair_status, nvmlDeviceGetRepairStatus);

  ASSAY_NVML(clock, nvmlDeviceGetClockInfo);
  ASSAY_NVML(max_clock, nvmlDeviceGetMaxClockInfo);
  ASSAY_NVML(clock_by_id, nvmlDeviceGetClock);
  ASSAY_NVML(clocks_event_reasons, nvmlDeviceGetCurrentClocksEventReasons);
  ASSAY_NVML(clocks_throttle_reasons, nvmlDeviceGetCurrentClocksThrottleReasons);
  ASSAY_NVML(power_usage, nvmlDeviceGetPowerUsage);
  ASSAY_NVML(enforced_power_limit, nvmlDeviceGetEnforcedPowerLimit);
  ASSAY_NVML(power_limit, nvmlDeviceGetPowerManagementLimit);
  ASSAY_NVML(power_default_limit, nvmlDeviceGetPowerManagementDefaultLimit);
  ASSAY_NVML(total_energy, nvmlDeviceGetTotalEnergyConsumption);
  ASSAY_NVML(temperature, nvmlDeviceGetTemperature);
  ASSAY_NVML(temperature_v, nvmlDeviceGetTemperatureV);
  ASSAY_NVML(margin_temperature, nvmlDeviceGetMarginTemperature);
  ASSAY_NVML(utilization, nvmlDeviceGetUtilizationRates);

  ASSAY_NVML(pcie_generation, nvmlDeviceGetCurrPcieLinkGeneration);
  ASSAY_NVML(pcie_width, nvmlDeviceGetCurrPcieLinkWidth);
  ASSAY_NVML(pcie_max_generation, nvmlDeviceGetMaxPcieLinkGeneration);
  ASSAY_NVML(pcie_max_width, nvmlDeviceGetMaxPcieLinkWidth);
  ASSAY_NVML(pcie_replay_counter, nvmlDeviceGetPcieReplayCounter);
  ASSAY_NVML(nvlink_state, nvmlDeviceGetNvLinkState);
  ASSAY_NVML(nvlink_error_counter, nvmlDeviceGetNvLinkErrorCounter);
  ASSAY_NVML(nvlink_remote_type, nvmlDeviceGetNvLinkRemoteDeviceType);
  ASSAY_NVML(nvlink_remote_pci, nvmlDeviceGetNvLinkRemotePciInfo_v2);
  ASSAY_NVML(fabric_info, nvmlDeviceGetGpuFabricInfoV);
  ASSAY_NVML(fabric_info_v1, nvmlDeviceGetGpuFabricInfo);

  ASSAY_NVML(field_values, nvmlDeviceGetFieldValues);
  ASSAY_NVML(compute_processes_v3, nvmlDeviceGetComputeRunningProcesses_v3);
  ASSAY_NVML(compute_processes_v2, nvmlDeviceGetComputeRunningProcesses_v2);
#undef ASSAY_NVML
};

}  // namespace assay::nvml
