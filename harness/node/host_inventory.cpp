#include "harness/node/host_inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

namespace assay {
namespace {

std::string trimmed(std::string text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\0'; };
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  const auto first = std::find_if_not(text.begin(), text.end(), is_blank);
  text.erase(text.begin(), first);
  return text;
}

/// What makers leave in fields that they did not fill in.
bool is_placeholder(const std::string& text) {
  static const std::set<std::string> kPlaceholders{"To be filled by O.E.M.",
                                                   "To Be Filled By O.E.M.",
                                                   "Not Specified",
                                                   "Not Applicable",
                                                   "Default string",
                                                   "System Serial Number",
                                                   "None",
                                                   "N/A",
                                                   "0123456789",
                                                   "0"};
  return kPlaceholders.count(text) != 0;
}

std::string text_at(const HostFiles& files, const std::string& path) {
  return trimmed(files.read(path).value_or(""));
}

template <typename Number = std::int64_t>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> number_at(const HostFiles& files, const std::string& path) {
  const auto text = files.read(path);
  return text ? number_in(*text) : std::nullopt;
}

Chassis read_chassis(const HostFiles& files) {
  const auto field = [&](const char* name) {
    const std::string text = text_at(files, fmt::format("/sys/class/dmi/id/{}", name));
    return is_placeholder(text) ? std::string() : text;
  };
  Chassis chassis;
  chassis.vendor = field("sys_vendor");
  chassis.product = field("product_name");
  chassis.product_serial = field("product_serial");
  chassis.chassis_serial = field("chassis_serial");
  chassis.board = field("board_name");
  chassis.board_serial = field("board_serial");
  chassis.bios_version = field("bios_version");
  chassis.bios_date = field("bios_date");
  for (const std::string& device : files.list("/sys/devices/platform")) {
    if (device.rfind("ipmi_bmc.", 0) == 0)
      chassis.bmc_firmware =
          text_at(files, fmt::format("/sys/devices/platform/{}/firmware_revision", device));
  }
  return chassis;
}

/// What stands behind "name : " in a line of /proc/cpuinfo or /proc/meminfo.
std::optional<std::string> value_of(std::string_view line, std::string_view name) {
  if (line.substr(0, name.size()) != name) return std::nullopt;
  const auto colon = line.find(':');
  const std::string between(
      line.substr(name.size(), colon == std::string_view::npos ? 0 : colon - name.size()));
  if (colon == std::string_view::npos || !trimmed(between).empty()) return std::nullopt;
  return trimmed(std::string(line.substr(colon + 1)));
}

template <typename Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Processors read_processors(const HostFiles& files) {
  Processors processors;
  std::set<std::string> sockets;
  each_line(files.read("/proc/cpuinfo").value_or(""), [&](std::string_view line) {
    if (value_of(line, "processor")) ++processors.threads;
    if (const auto model = value_of(line, "model name")) processors.model = *model;
    if (const auto socket = value_of(line, "physical id")) sockets.insert(*socket);
  });
  processors.sockets = static_cast<int>(sockets.size());
  return processors;
}

std::optional<std::int64_t> read_memory_mib(const HostFiles& files) {
  constexpr std::int64_t kKibibytesPerMebibyte = 1024;
  std::optional<std::int64_t> mib;
  each_line(files.read("/proc/meminfo").value_or(""), [&](std::string_view line) {
    const auto total = value_of(line, "MemTotal");
    const auto kib = total ? number_in(*total) : std::nullopt;
    if (kib) mib = *kib / kKibibytesPerMebibyte;
  });
  return mib;
}

/// "ACTIVE" of "4: ACTIVE".
std::string behind_colon(const std::string& text) {
  const auto colon = text.find(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

NetworkPort read_port(const HostFiles& files, const std::string& device, const std::string& port) {
  const std::string folder = fmt::format("/sys/class/infiniband/{}", device);
  const std::string of_port = fmt::format("{}/ports/{}", folder, port);
  NetworkPort result;
  result.device = device;
  result.card = text_at(files, folder + "/sys_image_guid");
  if (result.card.empty()) result.card = device;
  result.port = static_cast<int>(number_in(port).value_or(0));
  result.type = text_at(files, folder + "/hca_type");
  result.firmware = text_at(files, folder + "/fw_ver");
  result.link_layer = text_at(files, of_port + "/link_layer");
  result.state = behind_colon(text_at(files, of_port + "/state"));
  result.physical = behind_colon(text_at(files, of_port + "/phys_state"));
  result.rate_gbit_per_s = number_in<double>(text_at(files, of_port + "/rate")).value_or(0);
  for (const char* kind : {"counters", "hw_counters"}) {
    for (const std::string& counter : files.list(fmt::format("{}/{}", of_port, kind))) {
      if (counter == "lifespan") continue;  // a setting
      const auto count = number_at(files, fmt::format("{}/{}/{}", of_port, kind, counter));
      if (count) result.counters[counter] = *count;
    }
  }
  return result;
}

std::vector<NetworkPort> read_ports(const HostFiles& files) {
  std::vector<NetworkPort> ports;
  for (const std::string& device : files.list("/sys/class/infiniband")) {
    for (const std::string& port : files.list(fmt::format("/sys/class/infiniband/{}/ports", device)))
      ports.push_back(read_port(files, device, port));
  }
  return ports;
}

std::vector<Drive> read_drives(const HostFiles& files) {
  std::vector<Drive> drives;
  for (const std::string& name : files.list("/sys/class/nvme")) {
    const auto field = [&](const char* file) {
      return text_at(files, fmt::format("/sys/class/nvme/{}/{}", name, file));
    };
    drives.push_back({name, field("model"), field("serial"), field("firmware_rev"), field("state")});
  }
  return drives;
}

/// Old kernels have csrow* in their place, which say nothing of a module.
std::vector<Dimm> read_dimms(const HostFiles& files, const std::string& controller) {
  std::vector<Dimm> dimms;
  for (const std::string& name : files.list(controller)) {
    if (name.rfind("dimm", 0) != 0 && name.rfind("rank", 0) != 0) continue;
    const std::string dimm = fmt::format("{}/{}/", controller, name);
    const auto mib = number_at(files, dimm + "size");
    if (!mib) continue;
    const std::string label = text_at(files, dimm + "dimm_label");
    dimms.push_back({label.empty() ? name : label, *mib, number_at(files, dimm + "dimm_ce_count").value_or(0),
                     number_at(files, dimm + "dimm_ue_count").value_or(0)});
  }
  return dimms;
}

/// "BIOS Version: 96.10.57.00.01" (open-gpu-kernel-modules, kernel-open/nvidia/procfs_nvswitch.c).
std::map<std::string, std::string> read_nvswitch_firmware(const HostFiles& files) {
  const std::string folder = "/proc/driver/nvidia-nvswitch/devices";
  std::map<std::string, std::string> firmware;
  for (const std::string& address : files.list(folder)) {
    each_line(files.read(fmt::format("{}/{}/information", folder, address)).value_or(""),
              [&](std::string_view line) {
                if (const auto version = value_of(line, "BIOS Version")) firmware[address] = *version;
              });
  }
  return firmware;
}

std::vector<MemoryController> read_memory_controllers(const HostFiles& files) {
  const std::string folder = "/sys/devices/system/edac/mc";
  std::vector<MemoryController> controllers;
  for (const std::string& name : files.list(folder)) {
    const auto corrected = number_at(files, fmt::format("{}/{}/ce_count", folder, name));
    const auto uncorrected = number_at(files, fmt::format("{}/{}/ue_count", folder, name));
    if (!corrected || !uncorrected) continue;
    const std::string called = text_at(files, fmt::format("{}/{}/mc_name", folder, name));
    const std::string of_controller = fmt::format("{}/{}", folder, name);
    controllers.push_back({called.empty() ? name : fmt::format("{} ({})", name, called), *corrected,
                           *uncorrected, number_at(files, of_controller + "/size_mb"),
                           read_dimms(files, of_controller)});
  }
  return controllers;
}

}  // namespace

HostInventory read_host_inventory(const HostFiles& files) {
  return {read_chassis(files),
          read_processors(files),
          read_memory_mib(files),
          text_at(files, "/proc/sys/kernel/osrelease"),
          read_ports(files),
          read_drives(files),
          read_memory_controllers(files),
          read_nvswitch_firmware(files)};
}

std::vector<const MemoryController*> short_controllers(const std::vector<MemoryController>& controllers) {
  std::map<std::int64_t, std::vector<const MemoryController*>> by_size;
  for (const MemoryController& controller : controllers) {
    if (controller.mib) by_size[*controller.mib].push_back(&controller);
  }
  std::vector<const MemoryController*> with_less;
  // Of as many of either size, as of two sockets with a controller each (amd64_edac), the greater is right.
  const auto most = std::max_element(by_size.begin(), by_size.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.size(), a.first) < std::pair(b.second.size(), b.first);
  });
  for (const auto& [mib, all] : by_size) {
    if (mib < most->first) with_less.insert(with_less.end(), all.begin(), all.end());
  }
  return with_less;
}

std::string text_of(const NetworkPort& port) {
  return fmt::format("{} port {}: {}{}{}", port.device, port.port,
                     port.state.empty() ? "no state" : port.state, port.physical.empty() ? "" : ", ",
                     port.physical);
}

}  // namespace assay
