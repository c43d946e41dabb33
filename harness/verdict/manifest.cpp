// The delivery manifest against what was found: missing, not expected, in another slot, twice, another part.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/model/finding_codes.h"
#include "harness/model/versions.h"
#include "harness/verdict/evidence.h"

namespace assay::verdict {
namespace {

/// What was read of the node, by the last step that did.
struct Found {
  std::string chassis_serial, product_serial, step, host_step;
  std::map<Part, std::string> serials, part_numbers, vbios;  // by slot
  std::set<Part> absent, present;                            // slots where nothing answers, or a GPU does
};

void take(const Measurement& measurement, Found& found) {
  const auto* text = std::get_if<std::string>(&measurement.value);
  const auto* number = std::get_if<double>(&measurement.value);
  const Part& part = measurement.part;
  if (measurement.name == "present" && number != nullptr) {
    (*number == 0 ? found.absent : found.present).insert(part);
  } else if (text == nullptr) {
    return;
  } else if (measurement.name == "serial") {
    found.serials[part] = *text;
  } else if (measurement.name == "board_part_number") {
    found.part_numbers[part] = *text;
  } else if (measurement.name == "vbios") {
    found.vbios[part] = *text;
  } else if (measurement.name == "chassis_serial") {
    found.chassis_serial = *text;
  } else if (measurement.name == "product_serial") {
    found.product_serial = *text;
  }
}

Found found_in(const RunRecord& run) {
  Found found;
  for (const Step& step : run.steps) {
    if (step.check != "inventory.gpus" && step.check != "inventory.host") continue;
    (step.check == "inventory.gpus" ? found.step : found.host_step) = step.id;
    for (const Measurement& measurement : step.measurements) take(measurement, found);
  }
  return found;
}

/// A list of GPUs alone, which says of no node what is in it.
bool is_a_list(const ManifestNode& node) {
  return node.name.empty() && node.chassis_serial.empty();
}

Phrase called(const ManifestNode& node) {
  if (is_a_list(node)) return {"the list", "清单"};
  if (node.name.empty())
    return phrase("the node with chassis {}", "机箱序列号为 {} 的节点", node.chassis_serial);
  return node.chassis_serial.empty()
             ? Phrase(node.name)
             : phrase("{} (chassis {})", "{}（机箱 {}）", node.name, node.chassis_serial);
}

std::optional<Part> slot_with(const Found& found, const std::string& serial) {
  for (const auto& [slot, here] : found.serials) {
    if (here == serial) return slot;
  }
  return std::nullopt;
}

/// Papers have the chassis' serial number, or the system's: makers print one or the other.
bool is_in(const Found& found, const ManifestNode& node) {
  return !node.chassis_serial.empty() &&
         (node.chassis_serial == found.chassis_serial || node.chassis_serial == found.product_serial);
}

/// By its chassis; else the one that most of its GPUs are of.
const ManifestNode* this_node(const Manifest& manifest, const Found& found) {
  const ManifestNode* best = nullptr;
  std::size_t most = 0;
  for (const ManifestNode& node : manifest.nodes) {
    if (is_in(found, node)) return &node;
    const auto here = static_cast<std::size_t>(
        std::count_if(node.gpus.begin(), node.gpus.end(),
                      [&](const ManifestGpu& gpu) { return slot_with(found, gpu.serial).has_value(); }));
    if (here > most) {
      most = here;
      best = &node;
    }
  }
  return best;
}

/// What the manifest has in this slot of the node; null where it does not say.
const ManifestGpu* in_slot(const ManifestNode& node, const Part& slot) {
  const auto found = std::find_if(node.gpus.begin(), node.gpus.end(),
                                  [&](const ManifestGpu& gpu) { return gpu.slot == slot; });
  return found == node.gpus.end() ? nullptr : &*found;
}

bool is_to_be_in(const ManifestNode& node, const std::string& serial, const Part& slot) {
  return std::any_of(node.gpus.begin(), node.gpus.end(),
                     [&](const ManifestGpu& gpu) { return gpu.serial == serial && gpu.slot == slot; });
}

Phrase place(const ManifestNode& node, const ManifestGpu& gpu) {
  return gpu.slot.empty() ? called(node) : phrase("{} {}", "{} {}", called(node), gpu.slot);
}

class Reconciliation {
 public:
  Reconciliation(const Case& c, std::vector<Observation>& seen)
      : c_(c), manifest_(c.criteria.manifest), found_(found_in(c.run)), seen_(seen) {
    for (const ManifestNode& node : manifest_.nodes) {
      for (const ManifestGpu& gpu : node.gpus) in_papers_[gpu.serial].push_back(place(node, gpu));
    }
  }

  /// `notes`: what is wrong with the papers alone.
  void run(std::vector<Phrase>& notes) {
    if (found_.step.empty())
      return observe(codes::serial_unknown, "node",
                     {"the profile does not look which GPUs there are (inventory.gpus)",
                      "该测试方案不含 GPU 清点（inventory.gpus）"});
    for (const Part& slot : found_.present) {
      if (found_.serials.count(slot) == 0)
        observe(codes::serial_unknown, slot,
                phrase("the serial number of {} could not be read", "无法读取 {} 的序列号", slot));
    }
    note_duplicates(notes);
    const ManifestNode* node = this_node(manifest_, found_);
    if (node == nullptr) {
      return observe(codes::not_in_manifest, "node",
                     phrase("no node of {} has its serial numbers ({}) or any of its GPUs",
                            "{}中没有节点与其序列号（{}）或任何 GPU 相符", consignment(), own_serials()));
    }
    const bool known = !found_.chassis_serial.empty() || !found_.product_serial.empty();
    if (known && !node->chassis_serial.empty() && !is_in(found_, *node)) {
      observe(codes::manifest_chassis, "node",
              phrase("its GPUs are those of {}, and its own serial numbers are {}",
                     "GPU 属于 {}，而本机序列号为 {}", called(*node), own_serials()));
    }
    for (const ManifestGpu& expected : node->gpus) look_for(*node, expected);
    for (const auto& [slot, serial] : found_.serials) look_at(*node, slot, serial);
  }

 private:
  Phrase consignment() const {
    return manifest_.consignment.empty() ? Phrase("the manifest", "交货清单")
                                         : phrase("consignment {}", "批次 {} ", manifest_.consignment);
  }
  Phrase own_serials() const {
    const auto known = [](const std::string& text) {
      return text.empty() ? Phrase("unknown", "未知") : Phrase(text);
    };
    return phrase("chassis {}, system {}", "机箱 {}，整机 {}", known(found_.chassis_serial),
                  known(found_.product_serial));
  }
  bool has_slot(const Part& slot) const {
    const auto& slots = c_.run.plan.slots;
    return std::any_of(slots.begin(), slots.end(), [&](const PlannedSlot& one) { return one.part == slot; });
  }

  void observe(const char* code, const Part& part, Phrase detail, std::vector<Cause> because = {}) {
    Observation observation;
    observation.code = code;
    observation.severity = c_.severity_of(c_.class_of(observation.code));
    observation.check = "inventory.gpus";
    observation.part = observation.evidence.part = part;
    observation.evidence.step = found_.step.empty() ? found_.host_step : found_.step;
    observation.evidence.detail = std::move(detail);
    observation.because = std::move(because);
    seen_.push_back(std::move(observation));
  }

  /// A GPU that should be in this node.
  void look_for(const ManifestNode& node, const ManifestGpu& expected) {
    const auto at = slot_with(found_, expected.serial);
    if (!at) {
      if (is_a_list(node)) return;
      if (!expected.slot.empty() && !has_slot(expected.slot)) {
        return observe(codes::manifest_missing, "node",
                       phrase("serial {} is to be in {}, which this SKU does not have",
                              "序列号 {} 应在 {}，而该 SKU 没有此槽位", expected.serial, expected.slot));
      }
      if (expected.slot.empty() || found_.absent.count(expected.slot) != 0) {
        observe(codes::manifest_missing, expected.slot.empty() ? Part("node") : expected.slot,
                phrase("serial {} of {} is not in it", "序列号 {}（属于 {}）不在本节点", expected.serial,
                       called(node)));
      }
      return;  // something else is in its slot: that is said there
    }
    if (!expected.slot.empty() && !is_to_be_in(node, expected.serial, *at)) {
      observe(codes::manifest_swapped, *at,
              phrase("serial {} belongs in {} and is in {}", "序列号 {} 应在 {}，实际在 {}", expected.serial,
                     expected.slot, *at));
    }
    compare(*at, {"part number", "部件号"}, found_.part_numbers, expected.part_number);
    compare(*at, "VBIOS", found_.vbios, expected.vbios);
  }

  void compare(const Part& slot, const Phrase& what, const std::map<Part, std::string>& values,
               const std::string& expected) {
    const auto value = values.find(slot);
    if (expected.empty() || (value != values.end() && is_same_version(value->second, expected))) return;
    observe(codes::manifest_part, slot,
            phrase("{} {}, and the manifest has {}", "{}{}，清单为 {}", what,
                   value == values.end() ? Phrase("could not be read", "无法读取")
                                         : phrase("{}", "为 {}", value->second),
                   expected));
  }

  /// A GPU that is in this node.
  void look_at(const ManifestNode& node, const Part& slot, const std::string& serial) {
    for (const ManifestNode& other : manifest_.nodes) {
      for (const ManifestGpu& gpu : other.gpus) {
        if (gpu.serial != serial) continue;
        if (&other != &node)
          observe(codes::manifest_unexpected, slot,
                  phrase("serial {} belongs to {}{}", "序列号 {} 属于 {}{}", serial, called(other),
                         instead_of(node, slot)));
        return;
      }
    }
    observe(codes::manifest_unexpected, slot,
            phrase("serial {0} is not in {1}{2}", "{1}中没有序列号 {0}{2}", serial, consignment(),
                   instead_of(node, slot)),
            slip_behind(node, slot));
  }

  static Phrase instead_of(const ManifestNode& node, const Part& slot) {
    const ManifestGpu* const expected = in_slot(node, slot);
    return expected == nullptr ? Phrase()
                               : phrase("; serial {} is to be here", "；此处应为序列号 {}", expected->serial);
  }

  /// A number that the papers have twice is one GPU's: what is in its other place lacks its own in the
  /// papers.
  std::vector<Cause> slip_behind(const ManifestNode& node, const Part& slot) const {
    const ManifestGpu* const expected = in_slot(node, slot);
    if (expected == nullptr || in_papers_.at(expected->serial).size() < 2) return {};
    const auto here = slot_with(found_, expected->serial);
    return here ? std::vector<Cause>{{codes::manifest_duplicate, *here}} : std::vector<Cause>{};
  }

  /// Serial numbers that the manifest has twice: those that are here are findings, the others the papers'.
  void note_duplicates(std::vector<Phrase>& notes) {
    for (const auto& [serial, of] : in_papers_) {
      if (of.size() < 2) continue;
      const Phrase twice = phrase("the manifest has serial {} {} times: {}",
                                  "交货清单中序列号 {} 出现 {} 次：{}", serial, of.size(), listed(of));
      if (const auto here = slot_with(found_, serial))
        observe(codes::manifest_duplicate, *here, twice);
      else
        notes.push_back(twice);
    }
    std::map<std::string, std::vector<std::string>> slots;
    for (const auto& [slot, serial] : found_.serials) slots[serial].push_back(slot.path());
    for (const auto& [serial, of] : slots) {
      if (of.size() > 1)
        observe(codes::manifest_duplicate, "node",
                phrase("serial {} answers from {}", "序列号 {} 同时来自 {}", serial,
                       fmt::format("{}", fmt::join(of, ", "))));
    }
  }

  const Case& c_;
  const Manifest& manifest_;
  Found found_;
  std::map<std::string, std::vector<Phrase>> in_papers_;  // by serial number: the places
  std::vector<Observation>& seen_;
};

}  // namespace

std::string expected_serial(const Case& c, const Part& slot) {
  const ManifestNode* const node = this_node(c.criteria.manifest, found_in(c.run));
  const ManifestGpu* const expected = node == nullptr ? nullptr : in_slot(*node, slot);
  return expected == nullptr ? "" : expected->serial;
}

void observe_manifest(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& notes) {
  if (!c.criteria.manifest.empty()) Reconciliation(c, seen).run(notes);
}

}  // namespace assay::verdict
