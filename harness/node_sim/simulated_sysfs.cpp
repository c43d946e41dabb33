#include "harness/node_sim/simulated_sysfs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "harness/node_sim/nvlink_wiring.h"

namespace assay::sim {
namespace {

constexpr std::string_view kDevices = "/sys/bus/pci/devices";
constexpr std::string_view kSlots = "/sys/bus/pci/slots";

struct Shown {
  double gt_per_s;
  int width;
};

/// What Q35's ports show, whatever is plugged into them (NVIDIA/nccl-tests issue 256).
constexpr Shown kOfVirtualPort{16, 16}, kMostOfVirtualPort{16, 32};

double speed_of(std::int32_t generation) {
  constexpr double kSpeeds[] = {2.5, 5, 8, 16, 32, 64};
  return kSpeeds[std::clamp(generation, 1, 6) - 1];
}

constexpr const char *kGpuClass = "0x030200", *kBridgeClass = "0x060400", *kNvswitchClass = "0x068000";

/// A device of the tree: a GPU, a port above one, or an NVSwitch.
struct Device {
  std::string address;
  const PciPort* above = nullptr;
  const char* pci_class = kBridgeClass;
  Shown current{}, most{};
  const PcieErrors* errors = nullptr;
  int numa_node = -1;
  std::string bus_below;  // of a port: "0000:19"
};

std::string bus_of(std::string_view address) {
  return std::string(address.substr(0, address.rfind(':')));
}

Device gpu_of(const State& state, int index) {
  const GpuConstants& constants = state.constants[index];
  const GpuDynamic& dynamic = state.dynamic[index];
  Device device;
  device.address = constants.pci_address;
  device.above = state.pci_port(constants.pci_port);
  device.pci_class = kGpuClass;
  device.current = {speed_of(dynamic.pcie_generation), dynamic.pcie_width};
  device.most = {speed_of(dynamic.pcie_max_generation), dynamic.pcie_max_width};
  device.errors = &dynamic.pcie_errors;
  device.numa_node = constants.numa_node;
  return device;
}

/// Devices of which the port is the one above.
std::vector<Device> below(const State& state, const PciPort& port);

Device port_of(const State& state, const PciPort& port) {
  Device device;
  device.address = port.address;
  device.above = state.pci_port(port.above);
  device.errors = &port.errors;
  device.current = {speed_of(port.generation), port.width};
  device.most = {speed_of(port.max_generation), port.max_width};
  const std::vector<Device> children = below(state, port);
  if (!children.empty()) {
    device.bus_below = bus_of(children.front().address);
    device.numa_node = children.front().numa_node;
    if (port.towards_root == 0) device.current = children.front().current;
  }
  if (state.virtual_pci_ports != 0) {
    device.current = kOfVirtualPort;
    device.most = kMostOfVirtualPort;
  }
  return device;
}

std::vector<Device> below(const State& state, const PciPort& port) {
  std::vector<Device> children;
  for (int i = 0; i < state.gpu_count; ++i) {
    if (state.pci_port(state.constants[i].pci_port) == &port && state.dynamic[i].present != 0)
      children.push_back(gpu_of(state, i));
  }
  for (int number = 1; number <= state.pci_port_count; ++number) {
    const PciPort& child = *state.pci_port(number);
    if (state.pci_port(child.above) == &port) children.push_back(port_of(state, child));
  }
  return children;
}

/// Two lanes of the fourth generation, by design; what is above it is left out.
Device nvswitch_at(const std::string& address) {
  static const PcieErrors none{};
  Device device;
  device.address = address;
  device.pci_class = kNvswitchClass;
  device.current = device.most = {16, 2};
  device.errors = &none;
  return device;
}

std::optional<Device> device_at(const State& state, std::string_view address) {
  for (int i = 0; i < state.nvswitches; ++i) {
    if (address == nvswitch_address(i)) return nvswitch_at(nvswitch_address(i));
  }
  for (int i = 0; i < state.gpu_count; ++i) {
    if (address == state.constants[i].pci_address && state.dynamic[i].present != 0) return gpu_of(state, i);
  }
  for (int number = 1; number <= state.pci_port_count; ++number) {
    if (address == state.pci_port(number)->address) return port_of(state, *state.pci_port(number));
  }
  return std::nullopt;
}

std::string place_of(const State& state, const Device& device) {
  std::string place = "/" + device.address;
  std::string top = device.address;
  for (const PciPort* port = device.above; port != nullptr; port = state.pci_port(port->above)) {
    place = std::string("/") + port->address + place;
    top = port->address;
  }
  return "/sys/devices/pci" + bus_of(top) + place;
}

std::string correctable(const PcieErrors& errors) {
  return fmt::format(
      "RxErr {}\nBadTLP {}\nBadDLLP {}\nRollover 0\nTimeout 0\nNonFatalErr 0\nCorrIntErr 0\nHeaderOF 0\n"
      "TOTAL_ERR_COR {}",
      errors.receiver, errors.bad_tlp, errors.bad_dllp, errors.receiver + errors.bad_tlp + errors.bad_dllp);
}

std::string uncorrectable(const char* sum, std::int64_t completions_that_timed_out) {
  return fmt::format(
      "Undefined 0\nDLP 0\nSDES 0\nTLP 0\nFCP 0\nCmpltTO {0}\nCmpltAbrt 0\nUnxCmplt 0\nRxOF 0\nMalfTLP 0\n"
      "ECRC 0\nUnsupReq 0\nACSViol 0\nUncorrIntErr 0\nBlockedTLP 0\nAtomicOpBlocked 0\nTLPBlockedErr 0\n"
      "PoisonTLPBlocked 0\n{1} {0}",
      completions_that_timed_out, sum);
}

std::string speed_text(const Shown& shown) {
  return fmt::format("{:.1f} GT/s PCIe", shown.gt_per_s);
}

/// Configuration space of a port with ACS as its only extended capability (PCI Express Base 6.0, 7.7.11).
std::string config_space(const State& state) {
  constexpr std::size_t kBytes = 4096, kAcs = 0x100, kControl = kAcs + 6;
  constexpr char kRequestAndCompletionRedirect = 0x0c;
  std::string config(kBytes, '\0');
  config[kAcs] = 0x0d;
  config[kAcs + 2] = 0x01;  // version 1, and nothing follows
  if (state.acs_redirects != 0) config[kControl] = kRequestAndCompletionRedirect;
  return config;
}

/// What hangs on the node's settings, not on the device.
std::optional<std::string> setting(const State& state, const Device& device, std::string_view name) {
  const bool is_port = device.pci_class == kBridgeClass;
  if (name == "config" && is_port && state.virtual_pci_ports == 0) return config_space(state);
  if (name == "iommu_group/type" && !is_port && state.iommu_translates != 0) return "DMA-FQ";
  return std::nullopt;
}

std::optional<std::string> attribute(const Device& device, std::string_view name) {
  if (name == "class") return device.pci_class;
  if (name == "vendor") return device.pci_class == kBridgeClass ? "0x8086" : "0x10de";
  if (name == "current_link_speed") return speed_text(device.current);
  if (name == "current_link_width") return std::to_string(device.current.width);
  if (name == "max_link_speed") return speed_text(device.most);
  if (name == "max_link_width") return std::to_string(device.most.width);
  if (name == "numa_node") return std::to_string(device.numa_node);
  if (name == "aer_dev_correctable") return correctable(*device.errors);
  if (name == "aer_dev_nonfatal") return uncorrectable("TOTAL_ERR_NONFATAL", device.errors->nonfatal);
  if (name == "aer_dev_fatal") return uncorrectable("TOTAL_ERR_FATAL", device.errors->fatal);
  if (name == "secondary_bus_number" && !device.bus_below.empty()) {
    unsigned bus = 0;
    std::sscanf(device.bus_below.c_str(), "%*x:%x", &bus);
    return std::to_string(bus);
  }
  return std::nullopt;
}

/// "a/b" of "FOLDER/a/b"; nothing where the path is not below the folder.
std::optional<std::string_view> rest_of(std::string_view path, std::string_view folder) {
  if (path.substr(0, folder.size()) != folder || path.size() <= folder.size() + 1 ||
      path[folder.size()] != '/')
    return std::nullopt;
  return path.substr(folder.size() + 1);
}

/// Of the GPU whose slot has this name: it names the port above it, without a function.
std::optional<std::string> slot_address(const State& state, std::string_view name) {
  for (int i = 0; i < state.gpu_count; ++i) {
    const PciPort* port = state.pci_port(state.constants[i].pci_port);
    if (name.empty() || name != state.constants[i].pci_slot || port == nullptr) continue;
    const std::string_view address = port->address;
    return std::string(address.substr(0, address.rfind('.')));
  }
  return std::nullopt;
}

constexpr std::string_view kNodes = "/sys/devices/system/node", kProcessors = "/sys/devices/system/cpu";
constexpr int kProcessorsOfANode = 48;

/// Two sockets, where GPUs are near to one of two; the nodes' files are those that harness/node/numa.h reads.
std::optional<std::string> of_numa_nodes(const State& state, std::string_view name) {
  const int last = state.numa_nodes() - 1;
  if (last < 0) return std::nullopt;
  if (name == "online" || name == "has_memory") return last == 0 ? "0" : fmt::format("0-{}", last);
  int node = -1;
  char file[16] = "";
  if (std::sscanf(std::string(name).c_str(), "node%d/%15s", &node, file) != 2 || node < 0 || node > last)
    return std::nullopt;
  constexpr int kHere = 10, kThere = 21;
  if (file == std::string_view("cpulist"))
    return fmt::format("{}-{}", node * kProcessorsOfANode, (node + 1) * kProcessorsOfANode - 1);
  if (file != std::string_view("distance")) return std::nullopt;
  std::string distances;
  for (int other = 0; other <= last; ++other)
    distances += fmt::format("{}{}", other == 0 ? "" : " ", other == node ? kHere : kThere);
  return distances;
}

std::optional<std::string> of_processor(std::string_view name) {
  int processor = -1;
  char file[32] = "";
  if (std::sscanf(std::string(name).c_str(), "cpu%d/topology/%31s", &processor, file) != 2 || processor < 0)
    return std::nullopt;
  if (file == std::string_view("physical_package_id")) return std::to_string(processor / kProcessorsOfANode);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> SimulatedSysfs::read(const std::string& path) const {
  if (const auto of_cpu = rest_of(path, kProcessors)) return of_processor(*of_cpu);
  if (const auto of_node = rest_of(path, kNodes)) return of_numa_nodes(*state_, *of_node);
  const auto of_device = rest_of(path, kDevices), of_slot = rest_of(path, kSlots);
  const auto rest = of_device ? of_device : of_slot;
  const auto slash = rest ? rest->find('/') : std::string_view::npos;
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view whose = rest->substr(0, slash), name = rest->substr(slash + 1);
  const Lock lock(state_->mutex);
  if (of_slot) return name == "address" ? slot_address(*state_, whose) : std::nullopt;
  const auto device = device_at(*state_, whose);
  if (!device) return std::nullopt;
  const auto set = setting(*state_, *device, name);
  return set ? set : attribute(*device, name);
}

std::vector<std::string> SimulatedSysfs::list(const std::string& folder) const {
  std::vector<std::string> names;
  for (int i = 0; i < state_->gpu_count; ++i) {
    if (folder == kDevices && state_->dynamic[i].present != 0)
      names.push_back(state_->constants[i].pci_address);
    if (folder == kSlots && state_->constants[i].pci_slot[0] != '\0')
      names.push_back(state_->constants[i].pci_slot);
  }
  for (int number = 1; folder == kDevices && number <= state_->pci_port_count; ++number)
    names.push_back(state_->pci_port(number)->address);
  for (int i = 0; folder == kDevices && i < state_->nvswitches; ++i) names.push_back(nvswitch_address(i));
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> SimulatedSysfs::resolve(const std::string& path) const {
  const auto address = rest_of(path, kDevices);
  const Lock lock(state_->mutex);
  const auto device = address ? device_at(*state_, *address) : std::nullopt;
  if (!device) return std::nullopt;
  return place_of(*state_, *device);
}

}  // namespace assay::sim
