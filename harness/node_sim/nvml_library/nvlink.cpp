#include "harness/node_sim/nvml_library/nvlink.h"

#include "harness/node_sim/nvml_library/pci.h"

namespace assay::nvml {
namespace {

constexpr unsigned kNvswitchDevice = 0x22a310de;
constexpr unsigned kFirstNvswitchBus = 0xc3;
constexpr unsigned kErrorCounters = 5;
constexpr unsigned kCapabilities = 6;
// A GPU of an HGX board has 4, 5, 5 and 4 links to its four switches.
constexpr int kSwitchOfLink[sim::kNvlinks] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3};
constexpr unsigned kMaxLinksToOneSwitch = 5;

bool exists(unsigned link) {
  return link < sim::kNvlinks;
}

/// In a virtual machine that was not given the switches all bits of the address are set.
PciAddress remote_address(const GpuView& gpu, unsigned link) {
  const int switches = gpu.state.nvswitches;
  if (switches <= 0) return {0x0fffffff, 0xff, 0xff};
  const int number = switches == 4 ? kSwitchOfLink[link] : static_cast<int>(link) % switches;
  return {0, kFirstNvswitchBus + static_cast<unsigned>(number), 0};
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

unsigned links_up(const sim::GpuDynamic& gpu) {
  unsigned up = 0;
  for (const sim::Nvlink& link : gpu.nvlinks) up += link.active != 0;
  return up;
}

bool link_active(const GpuView& gpu, unsigned link) {
  return gpu.dynamic.nvlinks[link].active != 0;
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
  unsigned ordinal = 0;  // among this GPU's links to the same switch
  for (unsigned earlier = 0; earlier < link; ++earlier)
    ordinal += kSwitchOfLink[earlier] == kSwitchOfLink[link];
  return static_cast<unsigned>(gpu.gpu) * kMaxLinksToOneSwitch + ordinal;
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
