#include "harness/model/missing_reading.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "harness/model/finding_codes.h"

namespace assay {
namespace {

// NVML's return codes (nvml.h, nvmlReturn_t), by the words of node/nvml_result.cpp, and reasons of our own.
constexpr std::array<MissingMeaning, 28> kMeanings{{
    {kLogMissing, "the kernel's log could not be read, or lines of it were lost", codes::kernel_log, false},
    {"gpu_lost", "the GPU has fallen off the bus, or is not accessible any more", codes::device_lost, true},
    {"gpu_not_found", "the GPU is not found any more", codes::device_lost, true},
    {"reset_required", "the GPU must be reset before it can be used", codes::needs_reset, true},
    {"corrupted_inforom", "the GPU's InfoROM is corrupt", codes::inforom_corrupt, true},
    {"insufficient_power", "the GPU's external power is not connected properly", codes::power_cables, true},
    {"place_unknown", "a GPU answers of which nobody can tell in which slot it is", codes::place_unknown,
     true},
    {"timeout", "the driver did not answer in time", codes::telemetry_hung, true},
    {"no_permission", "this user may not read it", codes::no_permission, false},
    {"not_supported", "this driver does not give it for this GPU", codes::driver_lacks, false},
    {"function_not_found", "this driver does not have the question", codes::driver_lacks, false},
    {"argument_version_mismatch", "this driver does not know this form of the question", codes::driver_lacks,
     false},
    {"deprecated", "this driver no longer answers the question", codes::driver_lacks, false},
    {"vgpu_ecc_not_supported", "a virtual GPU does not give it", codes::driver_lacks, false},
    {"frequency_not_supported", "this driver does not give it for this GPU", codes::driver_lacks, false},
    {"reset_type_not_supported", "this driver does not give it for this GPU", codes::driver_lacks, false},
    {"driver_not_loaded", "the driver is not loaded", codes::reading_failed, false},
    {"library_driver_mismatch", "the library is of another version than the loaded driver",
     codes::reading_failed, false},
    {"irq_issue", "the driver has lost the GPU's interrupts", codes::reading_failed, false},
    {"operating_system", "the operating system or its control groups do not let the driver answer",
     codes::reading_failed, false},
    {"in_use", "the GPU is in use", codes::reading_failed, false},
    {"out_of_memory", "memory ran out", codes::reading_failed, false},
    {"no_data", "the driver has no data", codes::reading_failed, false},
    {"insufficient_resources", "the driver lacks the resources", codes::reading_failed, false},
    {"not_ready", "the GPU is not ready", codes::reading_failed, false},
    {"invalid_state", "the GPU is not in a state to tell", codes::reading_failed, false},
    {"unknown_error", "the driver gives an error that it does not know itself", codes::reading_failed, false},
    {"", "it could not be read", codes::reading_failed, false},
}};

}  // namespace

const MissingMeaning& meaning_of_missing(std::string_view why) {
  const auto found = std::find_if(kMeanings.begin(), kMeanings.end(),
                                  [&](const MissingMeaning& meaning) { return meaning.why == why; });
  return found == kMeanings.end() ? kMeanings.back() : *found;
}

void to_json(nlohmann::json& j, const MissingReading& reading) {
  j = {{"part", reading.part}, {"measurement", reading.measurement}, {"why", reading.why}};
}

void from_json(const nlohmann::json& j, MissingReading& reading) {
  j.at("part").get_to(reading.part);
  j.at("measurement").get_to(reading.measurement);
  j.at("why").get_to(reading.why);
}

}  // namespace assay
