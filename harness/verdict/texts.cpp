// The catalogue's texts with their placeholders filled.
#include <set>
#include <utility>
#include <vector>

#include "harness/model/measurement_names.h"
#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

constexpr const char* kUnknown = "-";

using Values = std::vector<std::pair<std::string, std::string>>;

std::string known(const std::string& text) {
  return text.empty() ? kUnknown : text;
}

/// Where a finding that accuses no part was seen: "gpu7", or "gpu0, gpu1, gpu2".
std::string where(const Finding& finding) {
  if (finding.part.is_on_node()) return finding.part.path();
  std::string places;
  std::set<Part> seen;
  for (const EvidenceItem& item : finding.evidence) {
    const Part unit = item.part.unit();
    if (unit.empty() || unit == finding.part || !seen.insert(unit).second) continue;
    places += (places.empty() ? "" : ", ") + unit.path();
  }
  return places.empty() ? finding.part.path() : places;
}

/// Of several witnesses not all say more than a number.
Phrase first_detail(const Finding& finding) {
  for (const EvidenceItem& item : finding.evidence) {
    if (!item.detail.empty()) return item.detail;
  }
  return {};
}

/// "1753724032440（按清单）".
std::string serial_in(const std::string& language, std::string serial) {
  const auto by_manifest = serial.find(kByManifest);
  if (language == "zh-CN" && by_manifest != std::string::npos)
    serial.replace(by_manifest, std::string::npos, "（按清单）");
  return known(serial);
}

/// What one of the checks says of the part.
std::string culprit(const Finding& finding, const std::string& language) {
  for (const EvidenceItem& item : finding.evidence) {
    // What a comparison with peers says of itself is its own, not the part's.
    if (!item.measurement.empty() && !item.detail.empty() && item.relation != "peer_ratio" &&
        item.relation != "peer_excess")
      return "[" + item.detail.in(language) + "]";
  }
  return {};
}

/// What nvidia-smi -i takes: its own numbers are not those of slots. Of several GPUs, a word for each of
/// them.
std::string pci_address(const RunRecord& run, const Finding& finding) {
  for (const PlannedSlot& slot : run.plan.slots) {
    if (slot.part == finding.part.unit() && !slot.pci_address.empty()) return slot.pci_address;
  }
  return "PCI_ADDRESS";
}

/// "compute.gemm (bf16)".
std::string check_with_variant(const RunRecord& run, const Finding& finding) {
  for (const Step& step : run.steps) {
    if (step.id == finding.evidence.front().step && step.check == finding.check && !step.variant.empty())
      return finding.check + " (" + step.variant + ")";
  }
  return finding.check;
}

Values values_of(const RunRecord& run, const Finding& finding, const std::string& language) {
  const EvidenceItem& first = finding.evidence.front();
  return {{"{part}", known(where(finding))},
          {"{serial}", serial_in(language, finding.serial)},
          {"{slot}", known(finding.slot)},
          {"{pci}", pci_address(run, finding)},
          {"{check}", known(check_with_variant(run, finding))},
          {"{value}", first.value ? text_of(*first.value) : kUnknown},
          {"{limit}", first.limit ? text_of(*first.limit) : kUnknown},
          {"{unit}", first.unit == symbol(Unit::count) || first.unit == symbol(Unit::text) ? "" : first.unit},
          {"{measurement}", known(name_of_measurement(first.measurement, language))},
          {"{detail}", known(first_detail(finding).in(language))},
          {"{culprit}", culprit(finding, language)}};
}

/// Without the place of what has none: "(slot -, serial -)" tells nobody anything.
std::string without_place(std::string text, const Finding& finding) {
  if (!finding.slot.empty() || !finding.serial.empty()) return text;
  for (const std::string_view place :
       {" (slot {slot}, serial {serial})", "（槽位 {slot}，序列号 {serial}）"}) {
    const auto at = text.find(place);
    if (at != std::string::npos) text.erase(at, place.size());
  }
  return text;
}

/// In one pass over the template, so that a placeholder inside a value stays text.
std::string fill(const std::string& text, const Values& values) {
  std::string filled;
  for (std::size_t at = 0; at < text.size();) {
    const std::pair<std::string, std::string>* hit = nullptr;
    const bool may_begin_here = text[at] == '{';
    for (const auto& value : values) {
      if (may_begin_here && text.compare(at, value.first.size(), value.first) == 0) hit = &value;
    }
    if (hit == nullptr) {
      filled += text[at++];
    } else {
      if (hit->second.empty() && !filled.empty() && filled.back() == ' ')
        filled.pop_back();  // a count has no unit, and not every check can name the culprit
      filled += hit->second;
      at += hit->first.size();
    }
  }
  return filled;
}

}  // namespace

void fill_texts(const RunRecord& run, const FindingKind* kind, Finding& finding) {
  if (kind == nullptr) {
    finding.summary["en"] =
        fill("{detail} (the catalogue has no " + finding.code.text() + ")", values_of(run, finding, "en"));
    return;
  }
  for (const auto& [language, text] : kind->summary)
    finding.summary[language] = fill(without_place(text, finding), values_of(run, finding, language));
  for (const auto& [language, text] : kind->next_step)
    finding.next_step[language] = fill(text, values_of(run, finding, language));
}

}  // namespace assay::verdict
