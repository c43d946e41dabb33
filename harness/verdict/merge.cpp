// From drafts to findings as people and programs read them.
#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "harness/model/measurement_names.h"
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

/// How a limit binds: its identifier for a reader of English.
Phrase phrase_of_relation(const std::string& relation) {
  static const std::map<std::string, std::string> kChinese{
      {"min", "要求 ≥"},        {"max", "要求 ≤"},         {"equal", "要求 ="},
      {"peer_ratio", "要求 ≥"}, {"peer_excess", "要求 ≤"}, {"peer_equal", "其余 GPU 为"}};
  const auto found = kChinese.find(relation);
  return found == kChinese.end() ? Phrase(relation) : Phrase(relation, found->second);
}

Phrase describe(const EvidenceItem& item) {
  Phrase text;
  if (!item.measurement.empty() && item.value) {
    text = phrase("{} = {}", "{} = {}", phrase_of_measurement(item.measurement), value_with_unit(item));
    if (item.limit)
      text += phrase(" ({} {})", "（{} {}）", phrase_of_relation(item.relation), text_of(*item.limit));
  }
  if (item.detail.empty()) return text;
  if (!text.empty()) text += {"; ", "；"};
  return text += item.detail;
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
