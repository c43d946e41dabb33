// Whether every NVLink of every GPU is up, how fast it is, and where it ends: which GPU, which NVSwitch, or
// nobody who has made the way over them ready. Links train for a while after a start, and are looked at again
// before one that is down counts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "suites/culprits.h"
#include "suites/readings.h"

namespace assay {
namespace {

// nvmlGpuFabricInfoV_t; between them: not started, in progress.
constexpr int kFabricNotSupported = 0, kFabricCompleted = 3;
constexpr const char *kNvswitchClass = "0x068000", *kNvidia = "0x10de";

bool trains(const SlotInventory& slot) {
  if (slot.found == nullptr) return false;
  const auto fabric = slot.found->state.fabric_state.value.value_or(kFabricCompleted);
  if (fabric > kFabricNotSupported && fabric < kFabricCompleted) return true;
  const auto& links = slot.found->state.nvlinks;
  return std::any_of(links.begin(), links.end(),
                     [](const NvlinkReading& link) { return link.up.value == 0; });
}

void wait_for_links(Context& context) {
  const Settling settling = context.settling();
  for (int look = 0; look < settling.looks; ++look) {
    const auto slots = context.slots();
    if (std::none_of(slots.begin(), slots.end(), trains)) return;
    context.log("some NVLinks are down and may still train: looking again");
    context.clock().sleep_for(nanoseconds_of(settling.most_s / settling.looks));
    context.look_again();
    context.progress(static_cast<double>(look + 1) / settling.looks);
  }
}

/// A GPU's links, where the driver answers for all of them: of one that cannot be asked nobody knows whether
/// it is down.
struct GpuLinks {
  Part slot;
  const GpuState* state;
  int up = 0;
  std::map<std::string, int> by_switch;  // links that are up, by PCI address of their end; where it is shown
};

std::vector<GpuLinks> known_links(const std::vector<SlotInventory>& slots, Readings& readings) {
  std::vector<GpuLinks> all;
  for (const SlotInventory& slot : slots) {
    if (slot.found == nullptr || slot.found->state.nvlinks.empty()) continue;
    GpuLinks gpu{slot.part, &slot.found->state, 0, {}};
    const auto& links = slot.found->state.nvlinks;
    const auto unread =
        std::find_if(links.begin(), links.end(), [](const auto& link) { return !link.up.has_value(); });
    if (unread != links.end()) {
      readings.missing(slot.part, "links_up", unread->up.missing);
      continue;
    }
    for (const NvlinkReading& link : links) {
      if (link.up.value != 1) continue;
      ++gpu.up;
      if (link.remote.value) ++gpu.by_switch[*link.remote.value];
    }
    all.push_back(std::move(gpu));
  }
  return all;
}

/// NVSwitches in the order of their addresses, which is the driver's too: those that PCI lists, and those
/// that a link ends at.
std::vector<std::string> nvswitches(const HostFiles& files, const std::vector<GpuLinks>& gpus) {
  std::set<std::string> addresses;
  for (const std::string& device : files.list("/sys/bus/pci/devices")) {
    const std::string folder = "/sys/bus/pci/devices/" + device;
    // The class is that of any bridge that is no other kind of one.
    if (files.read(folder + "/class") == kNvswitchClass && files.read(folder + "/vendor") == kNvidia)
      addresses.insert(device);
  }
  for (const GpuLinks& gpu : gpus) {
    for (const auto& [address, links] : gpu.by_switch) addresses.insert(address);
  }
  return {addresses.begin(), addresses.end()};
}

/// Links that a GPU has to this switch: as many as the GPU that has most.
int links_of_each(const std::vector<GpuLinks>& gpus, const std::string& nvswitch) {
  int most = 0;
  for (const GpuLinks& gpu : gpus) {
    const auto found = gpu.by_switch.find(nvswitch);
    if (found != gpu.by_switch.end()) most = std::max(most, found->second);
  }
  return most;
}

/// "links 3, 7 are down; to nvswitch1 (0000:84:00.0) 3 of 5 are up".
Phrase what_is_down(const GpuLinks& gpu, const std::vector<GpuLinks>& all,
                    const std::vector<std::string>& switches) {
  std::vector<std::size_t> down;
  for (std::size_t i = 0; i < gpu.state->nvlinks.size(); ++i) {
    if (gpu.state->nvlinks[i].up.value != 1) down.push_back(i);
  }
  const std::string numbers = fmt::format("{}", fmt::join(down, ", "));
  Phrase text = down.size() == 1 ? phrase("link {} is down", "链路 {} 断开", numbers)
                                 : phrase("links {} are down", "链路 {} 断开", numbers);
  for (std::size_t i = 0; i < switches.size(); ++i) {
    const int each = links_of_each(all, switches[i]);
    const auto found = gpu.by_switch.find(switches[i]);
    const int up = found == gpu.by_switch.end() ? 0 : found->second;
    if (up < each)
      text += phrase("; to nvswitch{0} ({1}) {2} of {3} are up",
                     "；到 nvswitch{0}（{1}）的 {3} 条中 {2} 条正常", i, switches[i], up, each);
  }
  return text;
}

/// GB/s of the slowest link that is up, 0 where none is; nothing where one does not tell.
std::optional<double> slowest(const GpuState& gpu) {
  std::optional<std::int64_t> least;
  for (const NvlinkReading& link : gpu.nvlinks) {
    if (link.up.value != 1) continue;
    if (!link.mb_per_s.value) return std::nullopt;
    least = std::min(least.value_or(*link.mb_per_s.value), *link.mb_per_s.value);
  }
  return static_cast<double>(least.value_or(0)) / 1000;
}

void emit_gpu(Context& context, const GpuLinks& gpu) {
  context.measure_at(gpu.slot, "links_up", gpu.up, Unit::count);
  if (const auto speed = slowest(*gpu.state))
    context.measure_at(gpu.slot, "slowest_link", *speed, Unit::gb_per_s);
}

void emit_fabric(Context& context, Readings& readings, const Part& slot, const GpuState& gpu) {
  if (!gpu.fabric_state.value) return readings.missing(slot, "fabric_ready", gpu.fabric_state.missing);
  const bool ready =
      gpu.fabric_state.value == kFabricCompleted && gpu.fabric_status.value == 0 && !gpu.has_unwell_fabric();
  context.measure_at(slot, "fabric_ready", ready ? 1 : 0, Unit::count);
}

/// What the driver says of a way that is not ready; nothing of one that is.
Phrase what_the_driver_says(const GpuState& gpu) {
  const bool completed = gpu.fabric_state.value.value_or(kFabricCompleted) == kFabricCompleted;
  const std::int64_t status = gpu.fabric_status.value.value_or(0);
  if (completed && status == 0 && !gpu.has_unwell_fabric()) return {};
  if (!completed)
    return phrase("fabric state {}, and {} is completed", "fabric 状态为 {}，完成时应为 {}",
                  *gpu.fabric_state.value, kFabricCompleted);
  if (status != 0) return phrase("fabric status {}", "fabric 结果码为 {}", status);
  constexpr std::int64_t kLimitedCapacity = 3;
  return gpu.fabric_health.value == kLimitedCapacity
             ? Phrase("fabric health: limited capacity", "fabric 健康状态：容量受限")
             : Phrase("fabric health: unhealthy", "fabric 健康状态：不健康");
}

/// Of each GPU all that is wrong with its links, in words.
void emit_culprits(Context& context, const std::vector<SlotInventory>& slots,
                   const std::vector<GpuLinks>& gpus, const std::vector<std::string>& switches) {
  for (const SlotInventory& slot : slots) {
    if (slot.found == nullptr) continue;
    std::vector<Phrase> said;
    if (Phrase says = what_the_driver_says(slot.found->state); !says.empty()) said.push_back(std::move(says));
    const auto links =
        std::find_if(gpus.begin(), gpus.end(), [&](const GpuLinks& gpu) { return gpu.slot == slot.part; });
    if (links != gpus.end() && links->up < static_cast<int>(links->state->nvlinks.size()))
      said.push_back(what_is_down(*links, gpus, switches));
    name_culprits(context, slot.part, said);
  }
}

/// Only GPUs that have links at all say something of a switch.
void emit_switches(Context& context, const std::vector<GpuLinks>& gpus,
                   const std::vector<std::string>& switches) {
  for (std::size_t i = 0; i < switches.size(); ++i) {
    const auto without = std::count_if(gpus.begin(), gpus.end(), [&](const GpuLinks& gpu) {
      return !gpu.by_switch.empty() && gpu.by_switch.count(switches[i]) == 0;
    });
    context.measure_at(Part::nvswitch(static_cast<int>(i)), "gpus_without_link", static_cast<double>(without),
                       Unit::count);
  }
}

nlohmann::json table_of(const std::vector<GpuLinks>& gpus) {
  nlohmann::json table = nlohmann::json::object();
  for (const GpuLinks& gpu : gpus) {
    for (const NvlinkReading& link : gpu.state->nvlinks) {
      nlohmann::json row{{"up", *link.up.value == 1}};
      if (link.remote.value) row["to"] = *link.remote.value;
      if (link.remote_link.value) row["port"] = *link.remote_link.value;
      if (link.mb_per_s.value) row["mb_per_s"] = *link.mb_per_s.value;
      table[gpu.slot.path()].push_back(std::move(row));
    }
  }
  return table;
}

void run(Context& context) {
  wait_for_links(context);
  const auto slots = context.slots();
  Readings readings(context);
  for (const SlotInventory& slot : slots) {
    if (slot.found != nullptr) emit_fabric(context, readings, slot.part, slot.found->state);
  }
  const std::vector<GpuLinks> gpus = known_links(slots, readings);
  readings.say_what_is_missing();
  if (gpus.empty()) return emit_culprits(context, slots, {}, {});
  const std::vector<std::string> switches = nvswitches(context.host().files(), gpus);
  const auto linked = std::count_if(gpus.begin(), gpus.end(), [](const GpuLinks& gpu) { return gpu.up > 0; });
  context.measure_at("node", "gpus_with_links", static_cast<double>(linked), Unit::count);
  // A virtual machine may see none, and then nobody knows how many there are.
  if (!switches.empty())
    context.measure_at("node", "switches", static_cast<double>(switches.size()), Unit::count);
  context.evidence("nvlinks", table_of(gpus));
  // Where no GPU of the node has a link, no single one is to be looked at.
  emit_culprits(context, slots, linked == 0 ? std::vector<GpuLinks>() : gpus, switches);
  if (linked == 0)
    return name_culprits(context, "node", {{"no NVLink of any GPU is up", "所有 GPU 的 NVLink 均未连通"}});
  for (const GpuLinks& gpu : gpus) emit_gpu(context, gpu);
  emit_switches(context, gpus, switches);
}

const Registered nvlink_links{{
    .name = "nvlink.links",
    .summary = "Every NVLink of every GPU is up, at its speed, and the way over the NVSwitches is ready",
    .scope = Scope::node,
    .measures =
        {
            {"links_up", Unit::count, "NVLinks of the GPU that are up, those that train late waited for", ""},
            {"slowest_link", Unit::gb_per_s, "speed of the slowest of them, one way", ""},
            {"fabric_ready", Unit::count, "1: the driver says that the way over the NVSwitches is completed",
             ""},
            {kCulprit, Unit::text, "which links are down, and to which NVSwitch", "", false},
            {kCulpritInChinese, Unit::text, "the same in Chinese", "", false},
            {.name = "gpus_without_link",
             .meaning = "GPUs that have NVLinks up, and none of them to this NVSwitch",
             .of = Of::switches},
            {.name = "gpus_with_links", .meaning = "GPUs that have any link that is up", .of = Of::node},
            {.name = "switches",
             .meaning = "NVSwitches that PCI lists, or that a link ends at",
             .of = Of::node},
        },
    .findings = {"nvlink.link_down", "nvlink.slow_link", "nvlink.switch_down", "nvlink.switch_missing",
                 "environment.fabric_manager"},
    .run = run,
    .detects = "links that do not come up, and whether they are one GPU's, one NVSwitch's, or the whole "
               "node's since "
               "Fabric Manager does not run; a link that trained to a lower speed",
    .misses = "links that are up and lose data, which counters tell over every step; whether anything goes "
              "over them",
}};

}  // namespace
}  // namespace assay
