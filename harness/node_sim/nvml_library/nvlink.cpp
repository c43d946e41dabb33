#include "harness/node_sim/nvml_library/nvlink.h"

#include "harness/node_sim/nvlink_wiring.h"
#include "harness/node_sim/nvml_library/pci.h"

namespace assay::nvml {
namespace {

constexpr unsigned kNvswitchDevice = 0x22a310de;
constexpr unsigned kErrorCounters = 5;
constexpr unsigned kCapabilities = 6;

bool exists(unsigned link) {
  return link < sim::kNvlinks;
}

/// In a virtual machine that was not given the switches all bits of the address are set.
PciAddress remote_address(const GpuView& gpu, unsigned link) {
  if (gpu.state.nvswitches <= 0) return {0x0fffffff, 0xff, 0xff};
  const sim::NvlinkEnd end = sim::far_end(gpu.gpu, static_cast<int>(link));
  return *parse_pci(sim::nvswitch_address(end.nvswitch));
}

template <typename Info>
void fill_remote(const GpuView& gpu, unsigned link, Info& info) {
  const PciAddress address = remote_address(gpu, link);
  info = {};
  info.domain = address.domain;
  info.bus = address.bus;
  info.device = address.device;
  info.device_id = gpu.state.nvswitches > 0 ? kNvswitchDevice : ~0U;
  print_pci_short(address, info.bus_id_legacy);
}

}  // namespace

unsigned links_up(const sim::State& state, int gpu, Nanoseconds now) {
  unsigned up = 0;
  for (const sim::Nvlink& link : state.dynamic[gpu].nvlinks) up += sim::is_up(link, now) ? 1 : 0;
  return up;
}

bool link_active(const GpuView& gpu, unsigned link) {
  return sim::is_up(gpu.dynamic.nvlinks[link], gpu.now);
}

unsigned long long link_errors(const GpuView& gpu, unsigned link, unsigned counter) {
  const sim::Nvlink& of = gpu.dynamic.nvlinks[link];
  switch (counter) {
    case kNvlinkReplay:
      return static_cast<unsigned long long>(of.replay);
    case kNvlinkRecovery:
      return static_cast<unsigned long long>(of.recovery);
    case kNvlinkCrcFlit:
      return static_cast<unsigned long long>(of.crc);
    default:
      return 0;
  }
}

unsigned long long errors_of_all_links(const GpuView& gpu, unsigned counter) {
  unsigned long long sum = 0;
  for (unsigned link = 0; link < sim::kNvlinks; ++link) sum += link_errors(gpu, link, counter);
  return sum;
}

unsigned remote_link(const GpuView& gpu, unsigned link) {
  return static_cast<unsigned>(sim::far_end(gpu.gpu, static_cast<int>(link)).port);
}

Return nvmlDeviceGetNvLinkState(Device device, unsigned link, unsigned* active) {
  return answer_if(exists(link), device, active, [&](const GpuView& gpu) { return link_active(gpu, link); });
}

Return nvmlDeviceGetNvLinkVersion(Device device, unsigned link, unsigned* version) {
  return answer_if(exists(link), device, version, [&](const GpuView&) { return kNvlinkVersion4; });
}

Return nvmlDeviceGetNvLinkCapability(Device device, unsigned link, unsigned capability, unsigned* result) {
  enum Capability : unsigned { kPeerToPeer = 0, kPeerAtomics = 2, kValid = 5 };
  return answer_if(exists(link) && capability < kCapabilities, device, result, [&](const GpuView&) {
    return capability == kPeerToPeer || capability == kPeerAtomics || capability == kValid;
  });
}

Return nvmlDeviceGetNvLinkErrorCounter(Device device, unsigned link, unsigned counter,
                                       unsigned long long* count) {
  return with_gpu(device, count && exists(link) && counter < kErrorCounters, [&](const GpuView& gpu) {
    if (!link_active(gpu, link)) return Return::not_supported;
    *count = link_errors(gpu, link, counter);
    return Return::success;
  });
}

Return nvmlDeviceGetNvLinkRemotePciInfo(Device device, unsigned link, PciInfo52* info) {
  return with_gpu(device, info && exists(link), [&](const GpuView& gpu) {
    if (!link_active(gpu, link)) return Return::not_supported;
    fill_remote(gpu, link, *info);
    return Return::success;
  });
}

Return nvmlDeviceGetNvLinkRemotePciInfo_v2(Device device, unsigned link, PciInfo* info) {
  return with_gpu(device, info && exists(link), [&](const GpuView& gpu) {
    if (!link_active(gpu, link)) return Return::not_supported;
    fill_remote(gpu, link, *info);
    print_pci_long(remote_address(gpu, link), info->bus_id);
    return Return::success;
  });
}

Return nvmlDeviceGetNvLinkRemoteDeviceType(Device device, unsigned link, unsigned* type) {
  return with_gpu(device, type && exists(link), [&](const GpuView& gpu) {
    if (!link_active(gpu, link)) return Return::not_supported;
    *type = kRemoteSwitch;
    return Return::success;
  });
}

}  // namespace assay::nvml
