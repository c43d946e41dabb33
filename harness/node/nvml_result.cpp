#include "harness/node/nvml_result.h"

namespace assay::nvml {
namespace {

/// Null for a code that is not in the list.
const char* known_word(Return result) {
  switch (result) {
    case Return::success:
      return "success";
    case Return::uninitialized:
      return "uninitialized";
    case Return::invalid_argument:
      return "invalid_argument";
    case Return::not_supported:
      return "not_supported";
    case Return::no_permission:
      return "no_permission";
    case Return::already_initialized:
      return "already_initialized";
    case Return::not_found:
      return "not_found";
    case Return::insufficient_size:
      return "insufficient_size";
    case Return::insufficient_power:
      return "insufficient_power";
    case Return::driver_not_loaded:
      return "driver_not_loaded";
    case Return::timeout:
      return "timeout";
    case Return::irq_issue:
      return "irq_issue";
    case Return::library_not_found:
      return "library_not_found";
    case Return::function_not_found:
      return "function_not_found";
    case Return::corrupted_inforom:
      return "corrupted_inforom";
    case Return::gpu_lost:
      return "gpu_lost";
    case Return::reset_required:
      return "reset_required";
    case Return::operating_system:
      return "operating_system";
    case Return::library_driver_mismatch:
      return "library_driver_mismatch";
    case Return::in_use:
      return "in_use";
    case Return::memory:
      return "out_of_memory";
    case Return::no_data:
      return "no_data";
    case Return::vgpu_ecc_not_supported:
      return "vgpu_ecc_not_supported";
    case Return::insufficient_resources:
      return "insufficient_resources";
    case Return::frequency_not_supported:
      return "frequency_not_supported";
    case Return::argument_version_mismatch:
      return "argument_version_mismatch";
    case Return::deprecated:
      return "deprecated";
    case Return::not_ready:
      return "not_ready";
    case Return::gpu_not_found:
      return "gpu_not_found";
    case Return::invalid_state:
      return "invalid_state";
    case Return::reset_type_not_supported:
      return "reset_type_not_supported";
    case Return::unknown:
      return "unknown_error";
  }
  return nullptr;
}

}  // namespace

std::string word(Return result) {
  const char* known = known_word(result);
  return known ? known : "nvml_error_" + std::to_string(static_cast<int>(result));
}

bool means_lost(Return result) {
  return result == Return::gpu_lost || result == Return::gpu_not_found || result == Return::reset_required;
}

bool try_older(Return result) {
  return result == Return::function_not_found || result == Return::argument_version_mismatch ||
         result == Return::not_supported || result == Return::deprecated;
}

}  // namespace assay::nvml
