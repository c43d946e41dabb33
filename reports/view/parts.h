// What qualifies the verdict, and the findings as a person goes through them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/labels.h"
#include "reports/report.h"

namespace assay::reports {

/// One witness is enough: the plan, or the judgement.
bool is_simulated(const Input& input);

bool was_found(const PlannedSlot& slot);

/// "SIMULATED", "PARTIAL RUN (...)", "BENCH SKU ...", "OWN CONFIGURATION": what qualifies the verdict, to be
/// shown beside it.
std::vector<std::string> qualifications(const Input& input, const Labels& labels);
/// A sentence where NCCL's ranks share a GPU; else empty.
std::string functional_only(const Input& input, const Labels& labels);

/// Findings of one severity, with their place in the judgement's order, counted from 1.
struct NumberedFinding {
  int number;
  const Finding* finding;
};
/// Those that one card shows: a finding alone, or one that says the same of all GPUs of the node. Then what
/// they share is to be suspected before any of them.
struct FindingGroup {
  std::vector<NumberedFinding> members;
  std::size_t gpus = 1;  // that they are of; the members can be more
};
/// What all share comes first, each part's own action if it comes again.
std::vector<Action> actions_of_shared(const FindingGroup& group);
/// How fast, how warm or how right GPUs are, all alike, hangs on what they share; what they are and how they
/// are set does not.
bool hangs_on_what_they_share(const FindingGroup& group);
std::vector<FindingGroup> grouped(const Input& input, const std::vector<NumberedFinding>& findings);

std::vector<NumberedFinding> findings_to_act_on(const Judgement& judgement);
std::vector<NumberedFinding> findings_of(const Judgement& judgement, Severity severity);

}  // namespace assay::reports
