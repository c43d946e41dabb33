// How two GPUs reach each other, and the fabric behind the switches.
#include "harness/node_sim/nvml_library/call.h"
#include "harness/node_sim/nvml_library/nvlink.h"

namespace assay::nvml {
namespace {

constexpr int kGpusPerSocket = 4;

/// `body` maps both indices to a Return.
template <typename Body>
Return with_pair(Device first, Device second, bool arguments_valid, Body body) {
  Session& session = Session::instance();
  const bool known = session.knows(second);
  return with_gpu(first, arguments_valid && known, [&](const GpuView& gpu) {
    if (!gpu.state.dynamic[second->gpu].present) return Return::gpu_lost;
    return body(gpu, *second);
  });
}

template <typename Info>
void fill_fabric(const GpuView& gpu, Info& info) {
  info.status = static_cast<Return>(gpu.state.fabric_status);
  info.clique_id = 0;
  info.state = static_cast<unsigned char>(gpu.state.fabric_state);
}

}  // namespace

Return nvmlDeviceGetP2PStatus(Device first, Device second, unsigned capability, unsigned* status) {
  enum P2pStatus : unsigned { kOk = 0, kNotSupported = 5 };
  constexpr unsigned kNvlinkCapability = 2, kCapabilities = 5;
  return with_pair(first, second, status && capability < kCapabilities,
                   [&](const GpuView& gpu, const DeviceObject& other) {
                     const bool linked = links_up(gpu.state, gpu.gpu, gpu.now) > 0 &&
                                         links_up(gpu.state, other.gpu, gpu.now) > 0;
                     *status = capability != kNvlinkCapability || linked ? kOk : kNotSupported;
                     return Return::success;
                   });
}

Return nvmlDeviceGetTopologyCommonAncestor(Device first, Device second, unsigned* level) {
  enum Level : unsigned { kInternal = 0, kNumaNode = 40, kSystem = 50 };
  return with_pair(first, second, level != nullptr, [&](const GpuView& gpu, const DeviceObject& other) {
    const bool same_socket = gpu.index / kGpusPerSocket == other.index / kGpusPerSocket;
    *level = gpu.index == other.index ? kInternal : same_socket ? kNumaNode : kSystem;
    return Return::success;
  });
}

Return nvmlDeviceGetGpuFabricInfo(Device device, FabricInfo* info) {
  return with_gpu(device, info != nullptr, [&](const GpuView& gpu) {
    if (!gpu.state.has_fabric()) return Return::not_supported;
    *info = {};
    fill_fabric(gpu, *info);
    return Return::success;
  });
}

/// The health mask stays 0, not available, as on a real HGX board.
Return nvmlDeviceGetGpuFabricInfoV(Device device, FabricInfoV3* info) {
  return with_gpu(device, info != nullptr, [&](const GpuView& gpu) {
    const unsigned version = info->version;
    const bool takes_v3 = has_fabric_v3(fixed_text(gpu.state.driver_version));
    if (version != kFabricInfoV2 && (version != kFabricInfoV3 || !takes_v3))
      return Return::argument_version_mismatch;
    if (!gpu.state.has_fabric()) return Return::not_supported;
    std::memset(static_cast<void*>(info), 0,
                version == kFabricInfoV2 ? sizeof(FabricInfoV2) : sizeof(FabricInfoV3));
    info->version = version;
    fill_fabric(gpu, *info);
    if (version == kFabricInfoV3) info->health_summary = static_cast<unsigned char>(gpu.state.fabric_health);
    return Return::success;
  });
}

}  // namespace assay::nvml
