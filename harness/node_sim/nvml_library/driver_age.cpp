#include "harness/node_sim/nvml_library/driver_age.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "harness/node/nvml_abi.h"

namespace assay::nvml {
namespace {

struct Version {
  int branch = 0, release = 0;  // 580, 65
  bool before(int other_branch, int other_release = 0) const {
    return branch != other_branch ? branch < other_branch : release < other_release;
  }
};

Version version_in(std::string_view text) {
  Version version;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, version.branch);
  if (error == std::errc() && dot != end) std::from_chars(dot + 1, end, version.release);
  return version;
}

// Branches by the versions of nvml.h in the CUDA Toolkits (NVIDIA/go-nvml, gen/nvml/nvml.h of each tag).
struct Since {
  std::string_view function;
  int branch;
};
constexpr Since kFunctions[] = {
    {"nvmlDeviceGetModuleId", 535},           {"nvmlDeviceGetCurrentClocksEventReasons", 535},
    {"nvmlDeviceGetPciInfoExt", 550},         {"nvmlDeviceGetNumaNodeId", 550},
    {"nvmlDeviceGetSramEccErrorStatus", 550}, {"nvmlDeviceGetGpuFabricInfoV", 550},
    {"nvmlDeviceGetTemperatureV", 570},       {"nvmlDeviceGetMarginTemperature", 570},
    {"nvmlDeviceGetRepairStatus", 580},
};
constexpr int kFabricV3 = 580, kRecoveryAction = 570;
constexpr Version kRenumbered{580, 66};  // 580.65.06 came with CUDA 13.0, the next with 13.0 Update 1

}  // namespace

bool has_function(std::string_view driver_version, std::string_view function) {
  const auto* const known = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                         [&](const Since& since) { return since.function == function; });
  return known == std::end(kFunctions) || !version_in(driver_version).before(known->branch);
}

bool has_fabric_v3(std::string_view driver_version) {
  return !version_in(driver_version).before(kFabricV3);
}

std::optional<unsigned> field_of_today(std::string_view driver_version, unsigned id) {
  const Version version = version_in(driver_version);
  if (id == field::recovery_action && version.before(kRecoveryAction)) return std::nullopt;
  if (!version.before(kRenumbered.branch, kRenumbered.release)) return id;
  constexpr field::Slowdowns kOld = field::slowdowns_before_13_0_1, kNew = field::slowdowns;
  if (id >= kNew.software_thermal_ns && id <= kNew.power_brake_ns) return std::nullopt;
  if (id >= kOld.software_thermal_ns && id <= kOld.power_brake_ns)
    return id - kOld.software_thermal_ns + kNew.software_thermal_ns;
  return id;
}

}  // namespace assay::nvml
