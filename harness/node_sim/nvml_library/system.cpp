// The library itself and the node as a whole.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

/// `body` maps the node's state to a Return.
template <typename Body>
Return with_node(bool arguments_valid, Body body) {
  const auto shared = Session::instance().state();
  if (!shared) return Return::uninitialized;
  if (!arguments_valid) return Return::invalid_argument;
  return body(**shared);
}

}  // namespace

const int assay_simulated = 1;

Return assay_simulated_attach(const char* state_path) {
  return Session::instance().attach(state_path);
}

Return nvmlInit() {
  return Session::instance().initialise();
}
Return nvmlInit_v2() {
  return Session::instance().initialise();
}

Return nvmlInitWithFlags(unsigned) {
  return Session::instance().initialise();
}

Return nvmlShutdown() {
  return Session::instance().shut_down();
}

const char* nvmlErrorString(Return result) {
  switch (result) {
    case Return::success:
      return "Success";
    case Return::uninitialized:
      return "Uninitialized";
    case Return::invalid_argument:
      return "Invalid Argument";
    case Return::not_supported:
      return "Not Supported";
    case Return::no_permission:
      return "Insufficient Permissions";
    case Return::already_initialized:
      return "Already Initialized";
    case Return::not_found:
      return "Not Found";
    case Return::insufficient_size:
      return "Insufficient Size";
    case Return::insufficient_power:
      return "Insufficient External Power";
    case Return::driver_not_loaded:
      return "Driver Not Loaded";
    case Return::timeout:
      return "Timeout";
    case Return::irq_issue:
      return "Interrupt Request Issue";
    case Return::library_not_found:
      return "NVML Shared Library Not Found";
    case Return::function_not_found:
      return "Function Not Found";
    case Return::corrupted_inforom:
      return "Corrupted infoROM";
    case Return::gpu_lost:
      return "GPU is lost";
    case Return::reset_required:
      return "GPU requires reset";
    case Return::operating_system:
      return "GPU access blocked by the operating system";
    case Return::library_driver_mismatch:
      return "Driver/library version mismatch";
    case Return::in_use:
      return "In use by another client";
    case Return::memory:
      return "Insufficient Memory";
    case Return::no_data:
      return "No data";
    case Return::vgpu_ecc_not_supported:
      return "vGPU with ECC not supported";
    case Return::insufficient_resources:
      return "Insufficient resources";
    case Return::frequency_not_supported:
      return "Frequency not supported";
    case Return::argument_version_mismatch:
      return "Argument version mismatch";
    case Return::deprecated:
      return "Deprecated function";
    case Return::not_ready:
      return "Not ready";
    case Return::gpu_not_found:
      return "GPU not found";
    case Return::invalid_state:
      return "Invalid state";
    case Return::reset_type_not_supported:
      return "Reset type not supported";
    case Return::unknown:
      return "Unknown Error";
  }
  return "Unknown Error";
}

Return nvmlSystemGetDriverVersion(char* version, unsigned length) {
  return with_node(version != nullptr, [&](const sim::State& node) {
    return copy_text(fixed_text(node.driver_version), version, length);
  });
}

Return nvmlSystemGetNVMLVersion(char* version, unsigned length) {
  return with_node(version != nullptr, [&](const sim::State& node) {
    return copy_text(fixed_text(node.nvml_version), version, length);
  });
}

Return nvmlSystemGetCudaDriverVersion(int* version) {
  return nvmlSystemGetCudaDriverVersion_v2(version);
}

Return nvmlSystemGetCudaDriverVersion_v2(int* version) {
  return with_node(version != nullptr, [&](const sim::State& node) {
    *version = node.cuda_driver_version;
    return Return::success;
  });
}

Return nvmlSystemGetProcessName(unsigned pid, char* name, unsigned length) {
  return with_node(name != nullptr && length > 0, [&](const sim::State&) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
    std::string command;
    if (!file || !std::getline(file, command, '\0')) return Return::not_found;
    std::snprintf(name, length, "%s", command.c_str());
    return Return::success;
  });
}

Return nvmlSystemGetConfComputeState(ConfComputeState* state) {
  return with_node(state != nullptr, [&](const sim::State& node) {
    const auto on = static_cast<unsigned>(node.confidential_compute);
    *state = {on, on, 0};
    return Return::success;
  });
}

Return nvmlSystemGetConfComputeSettings(ConfComputeSettings* settings) {
  return with_node(settings != nullptr, [&](const sim::State&) {
    if (settings->version != kConfComputeSettingsV1) return Return::argument_version_mismatch;
    *settings = {};
    settings->version = kConfComputeSettingsV1;
    return Return::success;
  });
}

Return nvmlGetExcludedDeviceCount(unsigned* count) {
  return with_node(count != nullptr, [&](const sim::State&) {
    *count = 0;
    return Return::success;
  });
}

}  // namespace assay::nvml
