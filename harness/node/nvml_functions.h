// Prototypes of NVML's functions: those that the client calls, and those that other programs expect of the
// stand-in library. The client takes their types from here (decltype) and their addresses from dlsym; the
// stand-in defines them. So the compiler sees to it that both sides agree. Symbols are NVML's own, version
// suffixes included.
#pragma once

#include "harness/node/nvml_abi.h"

#pragma GCC visibility push(default)
namespace assay::nvml {
extern "C" {

// Library and system
Return nvmlInit();
Return nvmlInit_v2();
Return nvmlInitWithFlags(unsigned flags);
Return nvmlShutdown();
const char* nvmlErrorString(Return result);
Return nvmlSystemGetDriverVersion(char* version, unsigned length);
Return nvmlSystemGetNVMLVersion(char* version, unsigned length);
Return nvmlSystemGetCudaDriverVersion(int* version);
Return nvmlSystemGetCudaDriverVersion_v2(int* version);
Return nvmlSystemGetProcessName(unsigned pid, char* name, unsigned length);
Return nvmlSystemGetConfComputeState(ConfComputeState* state);
Return nvmlSystemGetConfComputeSettings(ConfComputeSettings* settings);
Return nvmlGetExcludedDeviceCount(unsigned* count);

// Handles
Return nvmlDeviceGetCount(unsigned* count);
Return nvmlDeviceGetCount_v2(unsigned* count);
Return nvmlDeviceGetHandleByIndex(unsigned index, Device* device);
Return nvmlDeviceGetHandleByIndex_v2(unsigned index, Device* device);
Return nvmlDeviceGetHandleByPciBusId(const char* address, Device* device);
Return nvmlDeviceGetHandleByPciBusId_v2(const char* address, Device* device);
Return nvmlDeviceGetHandleByUUID(const char* uuid, Device* device);
Return nvmlDeviceGetHandleBySerial(const char* serial, Device* device);
Return nvmlDeviceGetIndex(Device device, unsigned* index);
Return nvmlDeviceGetMinorNumber(Device device, unsigned* minor);

// Identity and firmware
Return nvmlDeviceGetName(Device device, char* name, unsigned length);
Return nvmlDeviceGetUUID(Device device, char* uuid, unsigned length);
Return nvmlDeviceGetSerial(Device device, char* serial, unsigned length);
Return nvmlDeviceGetBoardPartNumber(Device device, char* part, unsigned length);
Return nvmlDeviceGetVbiosVersion(Device device, char* version, unsigned length);
Return nvmlDeviceGetInforomImageVersion(Device device, char* version, unsigned length);
Return nvmlDeviceGetInforomVersion(Device device, unsigned object, char* version, unsigned length);
Return nvmlDeviceValidateInforom(Device device);
Return nvmlDeviceGetGspFirmwareVersion(Device device, char* version);
Return nvmlDeviceGetGspFirmwareMode(Device device, unsigned* enabled, unsigned* by_default);
Return nvmlDeviceGetModuleId(Device device, unsigned* id);
Return nvmlDeviceGetNumaNodeId(Device device, unsigned* node);
Return nvmlDeviceGetBrand(Device device, unsigned* brand);
Return nvmlDeviceGetArchitecture(Device device, unsigned* architecture);
Return nvmlDeviceGetCudaComputeCapability(Device device, int* major, int* minor);
Return nvmlDeviceGetBoardId(Device device, unsigned* id);
Return nvmlDeviceGetMultiGpuBoard(Device device, unsigned* multi);
Return nvmlDeviceOnSameBoard(Device first, Device second, int* same);
Return nvmlDeviceGetNumGpuCores(Device device, unsigned* cores);

// Settings
Return nvmlDeviceGetPersistenceMode(Device device, unsigned* mode);
Return nvmlDeviceGetComputeMode(Device device, unsigned* mode);
Return nvmlDeviceGetMigMode(Device device, unsigned* current, unsigned* pending);
Return nvmlDeviceGetMaxMigDeviceCount(Device device, unsigned* count);
Return nvmlDeviceIsMigDeviceHandle(Device device, unsigned* is_mig);
Return nvmlDeviceGetEccMode(Device device, unsigned* current, unsigned* pending);
Return nvmlDeviceGetDefaultEccMode(Device device, unsigned* mode);
Return nvmlDeviceGetDisplayMode(Device device, unsigned* mode);
Return nvmlDeviceGetDisplayActive(Device device, unsigned* active);
Return nvmlDeviceGetVirtualizationMode(Device device, unsigned* mode);
Return nvmlDeviceGetDriverModel(Device device, unsigned* current, unsigned* pending);  // of Windows alone
Return nvmlDeviceGetC2cModeInfoV(Device device, C2cModeInfo* info);

// Memory, ECC, rows
Return nvmlDeviceGetMemoryInfo(Device device, Memory* memory);
Return nvmlDeviceGetMemoryInfo_v2(Device device, MemoryV2* memory);
Return nvmlDeviceGetBAR1MemoryInfo(Device device, Bar1Memory* memory);
Return nvmlDeviceGetMemoryBusWidth(Device device, unsigned* bits);
Return nvmlDeviceGetTotalEccErrors(Device device, unsigned error, unsigned counter,
                                   unsigned long long* count);
Return nvmlDeviceGetMemoryErrorCounter(Device device, unsigned error, unsigned counter, unsigned location,
                                       unsigned long long* count);
Return nvmlDeviceGetSramEccErrorStatus(Device device, SramEccErrorStatus* status);
Return nvmlDeviceGetRepairStatus(Device device, RepairStatus* status);
Return nvmlDeviceGetRemappedRows(Device device, unsigned* corrected, unsigned* uncorrected, unsigned* pending,
                                 unsigned* failure);
Return nvmlDeviceGetRowRemapperHistogram(Device device, RowRemapperHistogram* histogram);
Return nvmlDeviceGetRetiredPages(Device device, unsigned cause, unsigned* count, unsigned long long* pages);
Return nvmlDeviceGetRetiredPages_v2(Device device, unsigned cause, unsigned* count, unsigned long long* pages,
                                    unsigned long long* timestamps);
Return nvmlDeviceGetRetiredPagesPendingStatus(Device device, unsigned* pending);

// Clocks, power, temperature, utilisation
Return nvmlDeviceGetClockInfo(Device device, unsigned domain, unsigned* mhz);
Return nvmlDeviceGetMaxClockInfo(Device device, unsigned domain, unsigned* mhz);
Return nvmlDeviceGetClock(Device device, unsigned domain, unsigned id, unsigned* mhz);
Return nvmlDeviceGetMaxCustomerBoostClock(Device device, unsigned domain, unsigned* mhz);
Return nvmlDeviceGetPerformanceState(Device device, unsigned* state);
Return nvmlDeviceGetPowerState(Device device, unsigned* state);
Return nvmlDeviceGetCurrentClocksEventReasons(Device device, unsigned long long* reasons);
Return nvmlDeviceGetCurrentClocksThrottleReasons(Device device, unsigned long long* reasons);
Return nvmlDeviceGetSupportedClocksEventReasons(Device device, unsigned long long* reasons);
Return nvmlDeviceGetSupportedClocksThrottleReasons(Device device, unsigned long long* reasons);
Return nvmlDeviceGetPowerManagementMode(Device device, unsigned* mode);
Return nvmlDeviceGetPowerUsage(Device device, unsigned* milliwatts);
Return nvmlDeviceGetEnforcedPowerLimit(Device device, unsigned* milliwatts);
Return nvmlDeviceGetPowerManagementLimit(Device device, unsigned* milliwatts);
Return nvmlDeviceGetPowerManagementDefaultLimit(Device device, unsigned* milliwatts);
Return nvmlDeviceGetPowerManagementLimitConstraints(Device device, unsigned* minimum, unsigned* maximum);
Return nvmlDeviceGetTotalEnergyConsumption(Device device, unsigned long long* millijoules);
Return nvmlDeviceGetTemperature(Device device, unsigned sensor, unsigned* celsius);
Return nvmlDeviceGetTemperatureV(Device device, Temperature* temperature);
Return nvmlDeviceGetTemperatureThreshold(Device device, unsigned threshold, unsigned* celsius);
Return nvmlDeviceGetMarginTemperature(Device device, MarginTemperature* margin);
Return nvmlDeviceGetFanSpeed(Device device, unsigned* percent);
Return nvmlDeviceGetFanSpeed_v2(Device device, unsigned fan, unsigned* percent);
Return nvmlDeviceGetNumFans(Device device, unsigned* fans);
Return nvmlDeviceGetUtilizationRates(Device device, Utilization* utilization);
Return nvmlDeviceGetEncoderUtilization(Device device, unsigned* percent, unsigned* period_us);
Return nvmlDeviceGetDecoderUtilization(Device device, unsigned* percent, unsigned* period_us);
Return nvmlDeviceGetJpgUtilization(Device device, unsigned* percent, unsigned* period_us);
Return nvmlDeviceGetOfaUtilization(Device device, unsigned* percent, unsigned* period_us);

// PCIe
Return nvmlDeviceGetPciInfo(Device device, PciInfo52* info);
Return nvmlDeviceGetPciInfo_v2(Device device, PciInfo52* info);
Return nvmlDeviceGetPciInfo_v3(Device device, PciInfo* info);
Return nvmlDeviceGetPciInfoExt(Device device, PciInfoExt* info);
Return nvmlDeviceGetCurrPcieLinkGeneration(Device device, unsigned* generation);
Return nvmlDeviceGetCurrPcieLinkWidth(Device device, unsigned* lanes);
Return nvmlDeviceGetMaxPcieLinkGeneration(Device device, unsigned* generation);
Return nvmlDeviceGetGpuMaxPcieLinkGeneration(Device device, unsigned* generation);
Return nvmlDeviceGetMaxPcieLinkWidth(Device device, unsigned* lanes);
Return nvmlDeviceGetPcieReplayCounter(Device device, unsigned* count);
Return nvmlDeviceGetPcieThroughput(Device device, unsigned direction, unsigned* kb_per_s);

// NVLink, topology, fabric
Return nvmlDeviceGetNvLinkState(Device device, unsigned link, unsigned* active);
Return nvmlDeviceGetNvLinkVersion(Device device, unsigned link, unsigned* version);
Return nvmlDeviceGetNvLinkCapability(Device device, unsigned link, unsigned capability, unsigned* result);
Return nvmlDeviceGetNvLinkErrorCounter(Device device, unsigned link, unsigned counter,
                                       unsigned long long* count);
Return nvmlDeviceGetNvLinkRemotePciInfo(Device device, unsigned link, PciInfo52* info);
Return nvmlDeviceGetNvLinkRemotePciInfo_v2(Device device, unsigned link, PciInfo* info);
Return nvmlDeviceGetNvLinkRemoteDeviceType(Device device, unsigned link, unsigned* type);
Return nvmlDeviceGetP2PStatus(Device first, Device second, unsigned capability, unsigned* status);
Return nvmlDeviceGetTopologyCommonAncestor(Device first, Device second, unsigned* level);
Return nvmlDeviceGetGpuFabricInfo(Device device, FabricInfo* info);
Return nvmlDeviceGetGpuFabricInfoV(Device device,
                                   FabricInfoV3* info);  // or FabricInfoV2: `version` says which

// Fields, processes, events
Return nvmlDeviceGetFieldValues(Device device, int count, FieldValue* values);
Return nvmlDeviceGetComputeRunningProcesses(Device device, unsigned* count, ProcessInfoV1* infos);
Return nvmlDeviceGetComputeRunningProcesses_v2(Device device, unsigned* count, ProcessInfo* infos);
Return nvmlDeviceGetComputeRunningProcesses_v3(Device device, unsigned* count, ProcessInfo* infos);
Return nvmlDeviceGetGraphicsRunningProcesses(Device device, unsigned* count, ProcessInfoV1* infos);
Return nvmlDeviceGetGraphicsRunningProcesses_v2(Device device, unsigned* count, ProcessInfo* infos);
Return nvmlDeviceGetGraphicsRunningProcesses_v3(Device device, unsigned* count, ProcessInfo* infos);
Return nvmlDeviceGetMPSComputeRunningProcesses(Device device, unsigned* count, ProcessInfoV1* infos);
Return nvmlDeviceGetMPSComputeRunningProcesses_v2(Device device, unsigned* count, ProcessInfo* infos);
Return nvmlDeviceGetMPSComputeRunningProcesses_v3(Device device, unsigned* count, ProcessInfo* infos);
Return nvmlDeviceGetProcessUtilization(Device device, ProcessUtilization* samples, unsigned* count,
                                       unsigned long long last_seen_us);
Return nvmlEventSetCreate(EventSet* set);
Return nvmlEventSetFree(EventSet set);
Return nvmlEventSetWait(EventSet set, EventData* data, unsigned timeout_ms);
Return nvmlEventSetWait_v2(EventSet set, EventData* data, unsigned timeout_ms);
Return nvmlDeviceRegisterEvents(Device device, unsigned long long types, EventSet set);
Return nvmlDeviceGetSupportedEventTypes(Device device, unsigned long long* types);

// The stand-in's own: what tells it from NVIDIA's library, and which simulated node it shows.
extern const int assay_simulated;
/// The state file of a simulated node; null: a private healthy node. Returns a Return; in_use while
/// initialised on another.
Return assay_simulated_attach(const char* state_path);

}  // extern "C"
}  // namespace assay::nvml
#pragma GCC visibility pop
