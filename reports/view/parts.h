// Where a part is, in the words that a person needs to find it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/labels.h"
#include "reports/report.h"

namespace assay::reports {

/// The slot that a part belongs to, or null.
const PlannedSlot* slot_of(const Input& input, std::string_view part);

/// One witness is enough: the plan, or the judgement.
bool is_simulated(const Input& input);

bool was_found(const PlannedSlot& slot);

/// "SIMULATED", "PARTIAL RUN (...)", "BENCH SKU ...", "OWN CONFIGURATION": what qualifies the verdict, to be
/// shown beside it.
std::vector<std::string> qualifications(const Input& input, const Labels& labels);

/// Findings of one severity, with their place in the judgement's order, counted from 1.
struct NumberedFinding {
  int number;
  const Finding* finding;
};
std::vector<NumberedFinding> findings_to_act_on(const Judgement& judgement);
std::vector<NumberedFinding> findings_of(const Judgement& judgement, Severity severity);

}  // namespace assay::reports
