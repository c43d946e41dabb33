// Who made the node, and what is in it beside its GPUs: said, for the manifest, the failure pack and whoever
// compares; judged where the machine itself says that something is wrong.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "suites/culprits.h"

namespace assay {
namespace {

constexpr const char* kNode = "node";

void say(Context& context, const char* name, const std::string& text) {
  if (!text.empty()) context.measure_at(kNode, name, text);
}

void count(Context& context, const char* name, double value, Unit unit = Unit::count) {
  context.measure_at(kNode, name, value, unit);
}

double up_at(const std::vector<NetworkPort>& ports, double least_gbit_per_s) {
  return static_cast<double>(std::count_if(ports.begin(), ports.end(), [&](const NetworkPort& port) {
    return port.up() && port.rate_gbit_per_s >= least_gbit_per_s;
  }));
}

void measure_ports(Context& context, const std::vector<NetworkPort>& ports) {
  count(context, "ports_100g", up_at(ports, 100));
  count(context, "ports_200g", up_at(ports, 200));
  count(context, "ports_400g", up_at(ports, 400));
  count(context, "ports_800g", up_at(ports, 800));
  nlohmann::json all = nlohmann::json::array();
  for (const NetworkPort& port : ports) {
    all.push_back({{"device", port.device},
                   {"port", port.port},
                   {"type", port.type},
                   {"firmware", port.firmware},
                   {"state", port.state},
                   {"physical_state", port.physical},
                   {"rate_gbit_per_s", port.rate_gbit_per_s},
                   {"counters", port.counters}});
  }
  if (!ports.empty()) context.evidence("network_ports", {{"ports", all}});
}

void measure_drives(Context& context, const std::vector<Drive>& drives) {
  nlohmann::json all = nlohmann::json::array();
  int not_live = 0;
  for (const Drive& drive : drives) {
    not_live += drive.state.empty() || drive.state == "live" ? 0 : 1;
    all.push_back({{"name", drive.name},
                   {"model", drive.model},
                   {"serial", drive.serial},
                   {"firmware", drive.firmware},
                   {"state", drive.state}});
  }
  count(context, "drives", static_cast<double>(drives.size()));
  count(context, "drives_not_live", not_live);
  if (!drives.empty()) context.evidence("drives", {{"drives", all}});
}

void measure_memory(Context& context, const std::vector<MemoryController>& controllers) {
  if (controllers.empty()) return;  // nobody counts: that is not zero
  std::int64_t corrected = 0, uncorrected = 0;
  for (const MemoryController& controller : controllers) {
    corrected += controller.corrected;
    uncorrected += controller.uncorrected;
  }
  count(context, "memory_corrected", static_cast<double>(corrected));
  count(context, "memory_uncorrected", static_cast<double>(uncorrected));
  count(context, "uneven_controllers", static_cast<double>(short_controllers(controllers).size()));
  nlohmann::json all = nlohmann::json::array();
  for (const MemoryController& controller : controllers) {
    nlohmann::json dimms = nlohmann::json::array();
    for (const Dimm& dimm : controller.dimms)
      dimms.push_back({{"label", dimm.label},
                       {"mib", dimm.mib},
                       {"corrected", dimm.corrected},
                       {"uncorrected", dimm.uncorrected}});
    all.push_back({{"controller", controller.name},
                   {"mib", controller.mib ? nlohmann::json(*controller.mib) : nlohmann::json()},
                   {"corrected", controller.corrected},
                   {"uncorrected", controller.uncorrected},
                   {"dimms", dimms}});
  }
  context.evidence("memory", {{"controllers", all}});
}

/// Each once, in order: "28.43.2026 (MT4129), 32.41.1000 (MT41692)".
std::string firmware_of(const std::vector<NetworkPort>& ports) {
  std::set<std::string> all;
  for (const NetworkPort& port : ports) {
    if (!port.firmware.empty()) all.insert(fmt::format("{} ({})", port.firmware, port.type));
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

std::set<std::string> versions_of(const std::map<std::string, std::string>& by_address) {
  std::set<std::string> versions;
  for (const auto& [address, version] : by_address) versions.insert(version);
  return versions;
}

/// What keeps GPUs and network cards from reaching one another directly; in words.
std::string measure_peer_traffic(Context& context) {
  std::vector<std::string> gpus;
  for (const SlotInventory& slot : context.slots()) {
    if (slot.found != nullptr && slot.found->identity.pci_address.value)
      gpus.push_back(*slot.found->identity.pci_address.value);
  }
  const pci::PeerTraffic traffic = pci::read_peer_traffic(context.host().files(), gpus);
  count(context, "iommu_translates", static_cast<double>(traffic.translated.size()));
  count(context, "ats_enabled", traffic.with_ats);
  if (traffic.unread.empty())
    count(context, "acs_redirects", static_cast<double>(traffic.redirecting.size()));
  else
    context.log(fmt::format("only root may read whether access control (ACS) redirects traffic at {}",
                            fmt::join(traffic.unread, ", ")));
  return traffic.in_the_way();
}

/// ", of them 3 and 0 in CPU_SrcID#0_MC#0_Chan#1_DIMM#0".
Phrase of_dimms(const MemoryController& controller) {
  Phrase text;
  for (const Dimm& dimm : controller.dimms) {
    if (dimm.corrected > 0 || dimm.uncorrected > 0)
      text += phrase(", of them {0} and {1} in {2}", "，其中 {2} 分别为 {0} 和 {1}", dimm.corrected,
                     dimm.uncorrected, dimm.label);
  }
  return text;
}

/// What is wrong, in words: ports that are down, drives that are not live, controllers with errors or with
/// less memory than most; what is in the way of direct traffic.
std::vector<Phrase> culprits(const HostInventory& host, const std::string& in_the_way) {
  std::vector<Phrase> all;
  if (!in_the_way.empty()) all.emplace_back(in_the_way);
  for (const NetworkPort& port : host.ports) {
    if (!port.up()) all.emplace_back(text_of(port));
  }
  for (const Drive& drive : host.drives) {
    if (!drive.state.empty() && drive.state != "live")
      all.push_back(phrase("{} ({}, serial {}): {}", "{}（{}，序列号 {}）：{}", drive.name, drive.model,
                           drive.serial, drive.state));
  }
  for (const MemoryController& controller : host.memory_controllers) {
    if (controller.corrected > 0 || controller.uncorrected > 0)
      all.push_back(phrase("{}: {} corrected, {} uncorrected{}", "{}：已纠正 {} 个，未纠正 {} 个{}",
                           controller.name, controller.corrected, controller.uncorrected,
                           of_dimms(controller)));
  }
  for (const MemoryController* controller : short_controllers(host.memory_controllers))
    all.push_back(phrase("{} has {} MiB", "{} 只有 {} MiB", controller->name, controller->mib.value_or(0)));
  return all;
}

void run(Context& context) {
  const HostInventory host = read_host_inventory(context.host().files());
  say(context, "vendor", host.chassis.vendor);
  say(context, "product", host.chassis.product);
  say(context, "product_serial", host.chassis.product_serial);
  say(context, "chassis_serial", host.chassis.chassis_serial);
  say(context, "board", host.chassis.board);
  say(context, "board_serial", host.chassis.board_serial);
  say(context, "bios", host.chassis.bios_version);
  say(context, "bios_date", host.chassis.bios_date);
  say(context, "bmc_firmware", host.chassis.bmc_firmware);
  say(context, "kernel", host.kernel);
  say(context, "processor", host.processors.model);
  count(context, "sockets", host.processors.sockets);
  count(context, "processors", host.processors.threads);
  if (host.memory_mib) count(context, "memory", static_cast<double>(*host.memory_mib), Unit::mebibytes);
  measure_ports(context, host.ports);
  measure_drives(context, host.drives);
  measure_memory(context, host.memory_controllers);
  say(context, "network_firmware", firmware_of(host.ports));
  const auto of_switches = versions_of(host.nvswitch_firmware);
  say(context, "nvswitch_firmware", fmt::format("{}", fmt::join(of_switches, ", ")));
  if (!of_switches.empty()) count(context, "nvswitch_firmwares", static_cast<double>(of_switches.size()));
  name_culprits(context, "node", culprits(host, measure_peer_traffic(context)));
}

/// For people, and for the manifest: a field that the firmware lacks lacks here.
Measure said(const char* name, const char* meaning, Unit unit = Unit::text) {
  return {.name = name, .unit = unit, .meaning = meaning, .judged = false, .of = Of::node, .may_lack = true};
}

Measure judged(const char* name, const char* meaning, bool may_lack = false) {
  return {.name = name, .meaning = meaning, .of = Of::node, .may_lack = may_lack};
}

const Registered inventory_host{{
    .name = "inventory.host",
    .summary =
        "What the node is beside its GPUs: chassis, firmware, processors, memory, network ports, drives",
    .scope = Scope::node,
    .measures =
        {
            said("vendor", "who made it (DMI)"),
            said("product", "what it is called (DMI)"),
            said("product_serial", "serial number of the system (DMI; root alone may read it)"),
            said("chassis_serial", "serial number of the chassis (DMI; root alone may read it)"),
            said("board", "main board (DMI)"),
            said("board_serial", "serial number of the main board (DMI; root alone may read it)"),
            said("bios", "version of the BIOS"),
            said("bios_date", "date of the BIOS"),
            said("bmc_firmware", "version of the management controller's firmware"),
            said("kernel", "version of the kernel"),
            said("processor", "model of the processors"),
            said("sockets", "processors by socket", Unit::count),
            said("processors", "processors as the kernel counts them", Unit::count),
            said("memory", "memory that the kernel has", Unit::mebibytes),
            judged("ports_100g", "RDMA ports that are up at 100 Gbit/s or more"),
            judged("ports_200g", "RDMA ports that are up at 200 Gbit/s or more"),
            judged("ports_400g", "RDMA ports that are up at 400 Gbit/s or more"),
            judged("ports_800g", "RDMA ports that are up at 800 Gbit/s or more"),
            said("drives", "NVMe drives", Unit::count),
            judged("drives_not_live", "NVMe drives that the kernel cannot use"),
            judged("memory_corrected",
                   "errors of the host's memory that were corrected since its driver was loaded", true),
            judged("memory_uncorrected",
                   "errors of the host's memory that were not corrected since its driver was loaded", true),
            judged("uneven_controllers", "memory controllers with less memory behind them than most", true),
            said("network_firmware", "versions of the RDMA devices' firmware"),
            said("nvswitch_firmware", "versions of the NVSwitches' firmware"),
            judged("nvswitch_firmwares", "different versions of the NVSwitches' firmware", true),
            judged("acs_redirects",
                   "PCIe ports above GPUs and network cards that send peers' traffic up to the processors",
                   true),
            judged("iommu_translates", "GPUs and network cards whose addresses the IOMMU translates", true),
            said("ats_enabled", "GPUs and network cards that ask for translations themselves (ATS)",
                 Unit::count),
            said(kCulprit,
                 "ports that are down, drives that are not live, memory controllers with errors or less "
                 "memory than most, what is in the way of direct traffic"),
            said(kCulpritInChinese, "the same in Chinese"),
        },
    .findings = {"host.port_down", "host.drive", "host.memory_errors", "host.memory_uneven",
                 "inventory.nvswitch_firmware", "inventory.firmware_not_agreed", "settings.peer_traffic"},
    .run = run,
    .detects =
        "network ports that a site expects and that are down or slow; drives that the kernel has given up; "
        "errors of the host's memory",
    .misses = "ports that no site file expects; what firmware keeps to itself; whether any of it is fast",
}};

}  // namespace
}  // namespace assay
