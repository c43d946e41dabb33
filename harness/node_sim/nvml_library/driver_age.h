// What an older driver's library does not have yet, or numbers otherwise.
#pragma once

#include <optional>
#include <string_view>

namespace assay::nvml {

/// Of a driver such as "550.127.08".
bool has_function(std::string_view driver_version, std::string_view function);

/// Whether its nvmlDeviceGetGpuFabricInfoV takes the third version of the structure.
bool has_fabric_v3(std::string_view driver_version);

/// The id by which today's drivers know this field of that driver; nothing where it has no such field.
std::optional<unsigned> field_of_today(std::string_view driver_version, unsigned id);

}  // namespace assay::nvml
