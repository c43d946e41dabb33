// PCI identity and the PCIe link.
#include "harness/node_sim/nvml_library/pci.h"

#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

constexpr unsigned kHopperGeneration = 5;
constexpr unsigned kClass3dController = 0x03;
constexpr unsigned kSubclass3dController = 0x02;

PciAddress address_of(const GpuView& gpu) {
  return parse_pci(gpu.constants.pci_address).value_or(PciAddress{0, 0, 0});
}

/// The part of the struct that all versions share.
template <typename Info>
void fill_common(const GpuView& gpu, Info& info) {
  const PciAddress address = address_of(gpu);
  info.domain = address.domain;
  info.bus = address.bus;
  info.device = address.device;
  info.device_id = gpu.constants.pci_device;
  info.subsystem_id = gpu.constants.pci_subsystem;
}

}  // namespace

std::optional<PciAddress> parse_pci(std::string_view text) {
  std::vector<unsigned> fields;  // up to the function, which NVML has none of
  for (;;) {
    unsigned field = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field, 16);
    if (error != std::errc()) return std::nullopt;
    fields.push_back(field);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty() || text[0] != ':') break;
    text.remove_prefix(1);
  }
  if (fields.size() == 2) fields.insert(fields.begin(), 0);
  if (fields.size() != 3) return std::nullopt;
  return PciAddress{fields[0], fields[1], fields[2]};
}

void print_pci_short(const PciAddress& address, char (&out)[16]) {
  std::snprintf(out, sizeof(out), "%04X:%02X:%02X.0", address.domain & 0xffff, address.bus & 0xff,
                address.device & 0x1f);
}

void print_pci_long(const PciAddress& address, char (&out)[32]) {
  std::snprintf(out, sizeof(out), "%08X:%02X:%02X.0", address.domain, address.bus, address.device);
}

Return nvmlDeviceGetPciInfo(Device device, PciInfo52* info) {
  return with_gpu(device, info != nullptr, [&](const GpuView& gpu) {
    *info = {};
    fill_common(gpu, *info);
    print_pci_short(address_of(gpu), info->bus_id_legacy);
    return Return::success;
  });
}

Return nvmlDeviceGetPciInfo_v2(Device device, PciInfo52* info) {
  return nvmlDeviceGetPciInfo(device, info);
}

Return nvmlDeviceGetPciInfo_v3(Device device, PciInfo* info) {
  return with_gpu(device, info != nullptr, [&](const GpuView& gpu) {
    *info = {};
    fill_common(gpu, *info);
    print_pci_short(address_of(gpu), info->bus_id_legacy);
    print_pci_long(address_of(gpu), info->bus_id);
    return Return::success;
  });
}

Return nvmlDeviceGetPciInfoExt(Device device, PciInfoExt* info) {
  return with_gpu(device, info != nullptr, [&](const GpuView& gpu) {
    if (info->version != kPciInfoExtV1) return Return::argument_version_mismatch;
    *info = {};
    info->version = kPciInfoExtV1;
    fill_common(gpu, *info);
    info->base_class = kClass3dController;
    info->sub_class = kSubclass3dController;
    print_pci_long(address_of(gpu), info->bus_id);
    return Return::success;
  });
}

Return nvmlDeviceGetCurrPcieLinkGeneration(Device device, unsigned* generation) {
  return answer(device, generation, [](const GpuView& gpu) { return gpu.dynamic.pcie_generation; });
}
Return nvmlDeviceGetCurrPcieLinkWidth(Device device, unsigned* lanes) {
  return answer(device, lanes, [](const GpuView& gpu) { return gpu.dynamic.pcie_width; });
}
Return nvmlDeviceGetMaxPcieLinkGeneration(Device device, unsigned* generation) {
  return answer(device, generation, [](const GpuView& gpu) { return gpu.dynamic.pcie_max_generation; });
}
Return nvmlDeviceGetMaxPcieLinkWidth(Device device, unsigned* lanes) {
  return answer(device, lanes, [](const GpuView& gpu) { return gpu.dynamic.pcie_max_width; });
}
/// The card's own, whatever the slot allows.
Return nvmlDeviceGetGpuMaxPcieLinkGeneration(Device device, unsigned* generation) {
  return answer_constant(device, generation, kHopperGeneration);
}

Return nvmlDeviceGetPcieReplayCounter(Device device, unsigned* count) {
  return answer(device, count, [](const GpuView& gpu) { return gpu.dynamic.pcie_replay; });
}

Return nvmlDeviceGetPcieThroughput(Device device, unsigned direction, unsigned* kb_per_s) {
  constexpr unsigned kDirections = 2;  // sent, received
  constexpr double kBytesPerKb = 1000;
  return with_gpu(device, kb_per_s != nullptr && direction < kDirections, [&](const GpuView& gpu) {
    const sim::PlantReading now = gpu.plant();
    const double bytes_per_s = direction == 0 ? now.pcie_sent_bytes_per_s : now.pcie_received_bytes_per_s;
    *kb_per_s = static_cast<unsigned>(bytes_per_s / kBytesPerKb);
    return Return::success;
  });
}

}  // namespace assay::nvml
