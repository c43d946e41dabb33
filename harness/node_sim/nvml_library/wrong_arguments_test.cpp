// Every function of the library with arguments that are wrong, as programs of others have them: it refuses
// them with one of NVML's codes, and nothing is read or written where nothing is.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "harness/node_sim/nvml_library/nvml_library_fixture.h"

namespace assay::nvml {
namespace {

/// All but those that begin and end a session.
// clang-format off
#define EVERY_FUNCTION(visit) \
  visit(nvmlSystemGetDriverVersion) \
  visit(nvmlSystemGetNVMLVersion) \
  visit(nvmlSystemGetCudaDriverVersion) \
  visit(nvmlSystemGetCudaDriverVersion_v2) \
  visit(nvmlSystemGetProcessName) \
  visit(nvmlSystemGetConfComputeState) \
  visit(nvmlSystemGetConfComputeSettings) \
  visit(nvmlGetExcludedDeviceCount) \
  visit(nvmlDeviceGetCount) \
  visit(nvmlDeviceGetCount_v2) \
  visit(nvmlDeviceGetHandleByIndex) \
  visit(nvmlDeviceGetHandleByIndex_v2) \
  visit(nvmlDeviceGetHandleByPciBusId) \
  visit(nvmlDeviceGetHandleByPciBusId_v2) \
  visit(nvmlDeviceGetHandleByUUID) \
  visit(nvmlDeviceGetHandleBySerial) \
  visit(nvmlDeviceGetIndex) \
  visit(nvmlDeviceGetMinorNumber) \
  visit(nvmlDeviceGetName) \
  visit(nvmlDeviceGetUUID) \
  visit(nvmlDeviceGetSerial) \
  visit(nvmlDeviceGetBoardPartNumber) \
  visit(nvmlDeviceGetVbiosVersion) \
  visit(nvmlDeviceGetInforomImageVersion) \
  visit(nvmlDeviceGetInforomVersion) \
  visit(nvmlDeviceValidateInforom) \
  visit(nvmlDeviceGetGspFirmwareVersion) \
  visit(nvmlDeviceGetGspFirmwareMode) \
  visit(nvmlDeviceGetModuleId) \
  visit(nvmlDeviceGetNumaNodeId) \
  visit(nvmlDeviceGetBrand) \
  visit(nvmlDeviceGetArchitecture) \
  visit(nvmlDeviceGetCudaComputeCapability) \
  visit(nvmlDeviceGetBoardId) \
  visit(nvmlDeviceGetMultiGpuBoard) \
  visit(nvmlDeviceOnSameBoard) \
  visit(nvmlDeviceGetNumGpuCores) \
  visit(nvmlDeviceGetPersistenceMode) \
  visit(nvmlDeviceGetComputeMode) \
  visit(nvmlDeviceGetMigMode) \
  visit(nvmlDeviceGetMaxMigDeviceCount) \
  visit(nvmlDeviceIsMigDeviceHandle) \
  visit(nvmlDeviceGetEccMode) \
  visit(nvmlDeviceGetDefaultEccMode) \
  visit(nvmlDeviceGetDisplayMode) \
  visit(nvmlDeviceGetDisplayActive) \
  visit(nvmlDeviceGetVirtualizationMode) \
  visit(nvmlDeviceGetDriverModel) \
  visit(nvmlDeviceGetC2cModeInfoV) \
  visit(nvmlDeviceGetMemoryInfo) \
  visit(nvmlDeviceGetMemoryInfo_v2) \
  visit(nvmlDeviceGetBAR1MemoryInfo) \
  visit(nvmlDeviceGetMemoryBusWidth) \
  visit(nvmlDeviceGetTotalEccErrors) \
  visit(nvmlDeviceGetMemoryErrorCounter) \
  visit(nvmlDeviceGetSramEccErrorStatus) \
  visit(nvmlDeviceGetRepairStatus) \
  visit(nvmlDeviceGetRemappedRows) \
  visit(nvmlDeviceGetRowRemapperHistogram) \
  visit(nvmlDeviceGetRetiredPages) \
  visit(nvmlDeviceGetRetiredPages_v2) \
  visit(nvmlDeviceGetRetiredPagesPendingStatus) \
  visit(nvmlDeviceGetClockInfo) \
  visit(nvmlDeviceGetMaxClockInfo) \
  visit(nvmlDeviceGetClock) \
  visit(nvmlDeviceGetMaxCustomerBoostClock) \
  visit(nvmlDeviceGetPerformanceState) \
  visit(nvmlDeviceGetPowerState) \
  visit(nvmlDeviceGetCurrentClocksEventReasons) \
  visit(nvmlDeviceGetCurrentClocksThrottleReasons) \
  visit(nvmlDeviceGetSupportedClocksEventReasons) \
  visit(nvmlDeviceGetSupportedClocksThrottleReasons) \
  visit(nvmlDeviceGetPowerManagementMode) \
  visit(nvmlDeviceGetPowerUsage) \
  visit(nvmlDeviceGetEnforcedPowerLimit) \
  visit(nvmlDeviceGetPowerManagementLimit) \
  visit(nvmlDeviceGetPowerManagementDefaultLimit) \
  visit(nvmlDeviceGetPowerManagementLimitConstraints) \
  visit(nvmlDeviceGetTotalEnergyConsumption) \
  visit(nvmlDeviceGetTemperature) \
  visit(nvmlDeviceGetTemperatureV) \
  visit(nvmlDeviceGetTemperatureThreshold) \
  visit(nvmlDeviceGetMarginTemperature) \
  visit(nvmlDeviceGetFanSpeed) \
  visit(nvmlDeviceGetFanSpeed_v2) \
  visit(nvmlDeviceGetNumFans) \
  visit(nvmlDeviceGetUtilizationRates) \
  visit(nvmlDeviceGetEncoderUtilization) \
  visit(nvmlDeviceGetDecoderUtilization) \
  visit(nvmlDeviceGetJpgUtilization) \
  visit(nvmlDeviceGetOfaUtilization) \
  visit(nvmlDeviceGetPciInfo) \
  visit(nvmlDeviceGetPciInfo_v2) \
  visit(nvmlDeviceGetPciInfo_v3) \
  visit(nvmlDeviceGetPciInfoExt) \
  visit(nvmlDeviceGetCurrPcieLinkGeneration) \
  visit(nvmlDeviceGetCurrPcieLinkWidth) \
  visit(nvmlDeviceGetMaxPcieLinkGeneration) \
  visit(nvmlDeviceGetGpuMaxPcieLinkGeneration) \
  visit(nvmlDeviceGetMaxPcieLinkWidth) \
  visit(nvmlDeviceGetPcieReplayCounter) \
  visit(nvmlDeviceGetPcieThroughput) \
  visit(nvmlDeviceGetNvLinkState) \
  visit(nvmlDeviceGetNvLinkVersion) \
  visit(nvmlDeviceGetNvLinkCapability) \
  visit(nvmlDeviceGetNvLinkErrorCounter) \
  visit(nvmlDeviceGetNvLinkRemotePciInfo) \
  visit(nvmlDeviceGetNvLinkRemotePciInfo_v2) \
  visit(nvmlDeviceGetNvLinkRemoteDeviceType) \
  visit(nvmlDeviceGetP2PStatus) \
  visit(nvmlDeviceGetTopologyCommonAncestor) \
  visit(nvmlDeviceGetGpuFabricInfo) \
  visit(nvmlDeviceGetGpuFabricInfoV) \
  visit(nvmlDeviceGetFieldValues) \
  visit(nvmlDeviceGetComputeRunningProcesses) \
  visit(nvmlDeviceGetComputeRunningProcesses_v2) \
  visit(nvmlDeviceGetComputeRunningProcesses_v3) \
  visit(nvmlDeviceGetGraphicsRunningProcesses) \
  visit(nvmlDeviceGetGraphicsRunningProcesses_v2) \
  visit(nvmlDeviceGetGraphicsRunningProcesses_v3) \
  visit(nvmlDeviceGetMPSComputeRunningProcesses) \
  visit(nvmlDeviceGetMPSComputeRunningProcesses_v2) \
  visit(nvmlDeviceGetMPSComputeRunningProcesses_v3) \
  visit(nvmlDeviceGetProcessUtilization) \
  visit(nvmlEventSetCreate) \
  visit(nvmlEventSetFree) \
  visit(nvmlEventSetWait) \
  visit(nvmlEventSetWait_v2) \
  visit(nvmlDeviceRegisterEvents) \
  visit(nvmlDeviceGetSupportedEventTypes)
// clang-format on

enum class Wrong { everything, all_but_the_device };

template <typename T>
T wrong_argument(Device device, Wrong wrong) {
  if constexpr (std::is_same_v<T, Device>) {
    static int nobody;
    return wrong == Wrong::all_but_the_device ? device : reinterpret_cast<Device>(&nobody);
  } else if constexpr (std::is_pointer_v<T>) {
    return nullptr;
  } else {
    return static_cast<T>(~0ULL);
  }
}

template <typename... Arguments>
Return call_wrongly(Return (*function)(Arguments...), Device device, Wrong wrong) {
  return function(wrong_argument<Arguments>(device, wrong)...);
}

template <typename... Arguments>
constexpr bool has_an_output(Return (*)(Arguments...)) {
  return ((std::is_pointer_v<Arguments> && !std::is_same_v<Arguments, Device>) || ...);
}

template <typename... Arguments>
constexpr bool is_of_a_device(Return (*)(Arguments...)) {
  return (std::is_same_v<Arguments, Device> || ...);
}

bool is_a_code(Return result) {
  constexpr int kLast = static_cast<int>(Return::reset_type_not_supported);
  const int code = static_cast<int>(result);
  return (code >= 0 && code <= kLast) || result == Return::unknown;
}

TEST_F(NvmlLibrary, AnswersNobodyBeforeInitialisationWhateverIsAsked) {
#define VISIT(function) \
  EXPECT_EQ(call_wrongly(CALL(function), nullptr, Wrong::everything), Return::uninitialized) << #function;
  EVERY_FUNCTION(VISIT)
#undef VISIT
}

TEST_F(NvmlLibrary, RefusesDevicesThatAreNone) {
  initialise();
#define VISIT(function)                                                             \
  if (is_of_a_device(CALL(function))) {                                             \
    const Return result = call_wrongly(CALL(function), nullptr, Wrong::everything); \
    EXPECT_EQ(result, Return::invalid_argument) << #function;                       \
  }
  EVERY_FUNCTION(VISIT)
#undef VISIT
}

TEST_F(NvmlLibrary, RefusesToWriteNowhere) {
  initialise();
  const Device device = gpu(0);
#define VISIT(function)                                                                    \
  {                                                                                        \
    const Return result = call_wrongly(CALL(function), device, Wrong::all_but_the_device); \
    EXPECT_TRUE(is_a_code(result)) << #function;                                           \
    if (has_an_output(CALL(function))) {                                                   \
      EXPECT_NE(result, Return::success) << #function;                                     \
    }                                                                                      \
  }
  EVERY_FUNCTION(VISIT)
#undef VISIT
}

TEST(NvmlFunctions, AreAllTriedHere) {
  std::set<std::string> tried{"nvmlInit", "nvmlInit_v2", "nvmlInitWithFlags", "nvmlShutdown",
                              "nvmlErrorString"};
#define VISIT(function) tried.insert(#function);
  EVERY_FUNCTION(VISIT)
#undef VISIT
  std::ifstream header(std::string(ASSAY_SOURCE_DIR) + "/harness/node/nvml_functions.h");
  const std::string text((std::istreambuf_iterator<char>(header)), {});
  const std::regex declared(R"((?:^|\n)(?:Return|const char\*) (nvml\w+)\()");
  std::size_t found = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), declared), end; at != end; ++at, ++found)
    EXPECT_EQ(tried.count((*at)[1]), 1u) << (*at)[1];
  EXPECT_EQ(found, tried.size());
}

}  // namespace
}  // namespace assay::nvml
