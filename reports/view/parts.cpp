#include "reports/view/parts.h"

#include <fmt/ranges.h>

namespace assay::reports {
namespace {

template <typename Predicate>
std::vector<NumberedFinding> numbered(const Judgement& judgement, Predicate wanted) {
  std::vector<NumberedFinding> found;
  int number = 0;
  for (const Finding& finding : judgement.findings) {
    ++number;
    if (wanted(finding.severity)) found.push_back({number, &finding});
  }
  return found;
}

}  // namespace

const PlannedSlot* slot_of(const Input& input, std::string_view part) {
  for (const PlannedSlot& slot : input.run.plan.slots) {
    if (slot.part == unit_of(part)) return &slot;
  }
  return nullptr;
}

bool is_simulated(const Input& input) {
  return input.run.plan.simulated || input.judgement.simulated;
}

bool was_found(const PlannedSlot& slot) {
  return !slot.pci_address.empty();
}

std::vector<std::string> qualifications(const Input& input, const Labels& labels) {
  std::vector<std::string> words;
  const Plan& plan = input.run.plan;
  if (is_simulated(input)) words.push_back(labels(Label::simulated));
  if (!plan.partial.empty())
    words.push_back(labels(Label::partial, fmt::format("{}", fmt::join(plan.partial, ", "))));
  if (!plan.certifiable || !input.criteria.certifiable) words.push_back(labels(Label::bench));
  if (!input.judgement.not_as_shipped.empty()) words.push_back(labels(Label::own_configuration));
  return words;
}

std::vector<NumberedFinding> findings_to_act_on(const Judgement& judgement) {
  return numbered(judgement, [](Severity severity) {
    return severity == Severity::fail || severity == Severity::inconclusive;
  });
}

std::vector<NumberedFinding> findings_of(const Judgement& judgement, Severity wanted) {
  return numbered(judgement, [wanted](Severity severity) { return severity == wanted; });
}

}  // namespace assay::reports
