// From drafts to findings as people and programs read them.
#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

/// What the harness or the surroundings did accuses no part; the evidence says where it was seen. A code that
/// the catalogue does not know is the harness's.
Part shown_part(const Draft& draft) {
  const Accused accused = draft.kind == nullptr ? Accused::harness : draft.kind->accuses;
  return accused == Accused::part ? draft.part : Part(name_of(accused));
}

std::size_t root_of(const std::vector<Draft>& drafts, std::size_t index) {
  while (drafts[index].cause) index = *drafts[index].cause;
  return index;
}

std::string describe(const EvidenceItem& item) {
  std::string text;
  if (!item.measurement.empty() && item.value) {
    const bool has_unit = item.unit != symbol(Unit::count) && item.unit != symbol(Unit::text);
    text = fmt::format("{} = {}{}", item.measurement, text_of(*item.value), has_unit ? " " + item.unit : "");
    if (item.limit) text += fmt::format(" ({} {})", item.relation, text_of(*item.limit));
  }
  if (!item.detail.empty()) text += (text.empty() ? "" : "; ") + item.detail;
  return text;
}

}  // namespace

std::vector<Finding> merge(const Case& c, const std::vector<Draft>& drafts) {
  std::vector<Finding> findings;
  std::vector<const FindingKind*> kinds;
  std::map<std::tuple<FindingCode, Part, Severity>, std::size_t> index;
  std::vector<std::size_t> finding_of(drafts.size());
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& draft = drafts[i];
    if (draft.cause) continue;
    const Part part = shown_part(draft);
    const auto [at, added] =
        index.emplace(std::make_tuple(draft.code, part, draft.severity), findings.size());
    finding_of[i] = at->second;
    if (added) {
      Finding finding;
      finding.code = draft.code;
      finding.cls = draft.cls;
      finding.severity = draft.severity;
      finding.check = draft.check;
      finding.part = part;
      finding.actions = draft.kind == nullptr ? std::vector<Action>{Action::rerun} : draft.kind->actions;
      for (const Hardware* hardware : hardware_of(c.run, part)) {
        finding.serial += (finding.serial.empty() ? "" : ", ") + hardware->serial;
        finding.slot += (finding.slot.empty() ? "" : ", ") + hardware->location;
      }
      if (finding.serial.empty() && part.gpu_slot() && !c.criteria.manifest.empty()) {
        const std::string expected = expected_serial(c, part.unit());
        if (!expected.empty()) finding.serial = expected + kByManifest;
      }
      findings.push_back(std::move(finding));
      kinds.push_back(draft.kind);
    }
    auto& evidence = findings[at->second].evidence;
    evidence.insert(evidence.end(), draft.evidence.begin(), draft.evidence.end());
  }
  std::set<std::tuple<std::size_t, FindingCode, std::string, Part>> shown;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& draft = drafts[i];
    if (!draft.cause) continue;
    const std::size_t of = finding_of[root_of(drafts, i)];
    if (!shown.emplace(of, draft.code, draft.check, draft.part).second) continue;
    findings[of].consequences.push_back(
        {draft.code, draft.check, draft.part, describe(draft.evidence.front())});
  }
  for (std::size_t i = 0; i < findings.size(); ++i) fill_texts(c.run, kinds[i], findings[i]);
  return findings;
}

}  // namespace assay::verdict
