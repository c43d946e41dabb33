#include "reports/view/parts.h"

#include <fmt/ranges.h>

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "harness/model/shared_gpus.h"

namespace assay::reports {
namespace {

/// Two or three GPUs can be bad alike.
constexpr std::size_t kFewestToSuspectWhatIsShared = 4;

/// Of a GPU, and nothing that stands whatever else is so: data that came back wrong is not the room's.
bool is_shared_kind(const Finding& finding) {
  const bool stands = finding.cls == FindingClass::corruption || finding.cls == FindingClass::device_fault;
  return finding.part.gpu_slot().has_value() && !stands;
}

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
  if (ranks_of_a_gpu(plan) > 1) words.push_back(labels(Label::functional_only));
  if (!input.judgement.not_as_shipped.empty()) words.push_back(labels(Label::own_configuration));
  return words;
}

std::string functional_only(const Input& input, const Labels& labels) {
  const int ranks = ranks_of_a_gpu(input.run.plan);
  return ranks > 1 ? labels(Label::functional_only_sentence, std::to_string(ranks)) : "";
}

bool hangs_on_what_they_share(const FindingGroup& group) {
  const std::string& code = group.members.front().finding->code.text();
  return code.rfind("inventory.", 0) != 0 && code.rfind("settings.", 0) != 0;
}

std::vector<Action> actions_of_shared(const FindingGroup& group) {
  std::vector<Action> actions{Action::fix_environment};
  for (const Action action : group.members.front().finding->actions) {
    if (action != Action::fix_environment && action != Action::rerun) actions.push_back(action);
  }
  return actions;
}

std::vector<FindingGroup> grouped(const Input& input, const std::vector<NumberedFinding>& findings) {
  struct Alike {
    std::vector<NumberedFinding> members;
    std::set<Part> gpus;
    bool shown = false;
  };
  const auto words_of = [](const Finding& finding) {
    return std::make_tuple(finding.code, finding.severity);
  };
  std::map<decltype(words_of(std::declval<Finding>())), Alike> of_gpus;
  for (const NumberedFinding& finding : findings) {
    if (!is_shared_kind(*finding.finding)) continue;
    Alike& alike = of_gpus[words_of(*finding.finding)];
    alike.members.push_back(finding);
    alike.gpus.insert(finding.finding->part.unit());
  }
  std::vector<FindingGroup> groups;
  for (const NumberedFinding& finding : findings) {
    const auto alike = of_gpus.find(words_of(*finding.finding));
    const bool of_all = is_shared_kind(*finding.finding) &&
                        alike->second.gpus.size() >= kFewestToSuspectWhatIsShared &&
                        alike->second.gpus.size() == input.run.plan.slots.size();
    if (!of_all)
      groups.push_back({{finding}, 1});
    else if (!std::exchange(alike->second.shown, true))
      groups.push_back({alike->second.members, alike->second.gpus.size()});
  }
  return groups;
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
