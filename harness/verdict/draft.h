// Findings in the making: observations gathered by code and part, then waived, explained, and at last merged
// for the reader.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/verdict/evidence.h"

namespace assay::verdict {

/// Behind the serial number of a GPU that is not there to say it.
inline constexpr const char* kByManifest = " by the manifest";

/// Harness faults and absences stay apart by check and unit until the end: only some of them may be
/// explained.
struct Draft {
  FindingCode code;
  std::string check;
  FindingClass cls = FindingClass::incomplete;
  const FindingKind* kind = nullptr;  // null: not in the catalogue
  Severity severity = Severity::marginal;
  Part part;
  std::vector<EvidenceItem> evidence;
  std::vector<Cause> because;
  std::optional<std::size_t> cause;  // index of the draft that explains this one
};

/// How binding: 0 rejects whatever else is so, 1 prevents a verdict, 2 rejects where a verdict is possible, 3
/// is only listed.
int rank_of(const Draft& draft);

/// By precedence, then code and part: the order in which findings are shown.
std::vector<Draft> gather(const Case& c, const std::vector<Observation>& seen);

/// Severity::waived where a waiver of the criteria applies. Before explain(): what is waived explains
/// nothing.
void waive(const Case& c, std::vector<Draft>& drafts, std::vector<Phrase>& notes);

/// Sets `cause`. A cause is at least as binding as what it explains, so that explaining never improves the
/// verdict.
void explain(std::vector<Draft>& drafts);

/// One finding per code, part and severity, with its consequences, texts, serial and slot.
std::vector<Finding> merge(const Case& c, const std::vector<Draft>& drafts);

/// A status and result per required check and part.
std::vector<CheckOutcome> check_outcomes(const Case& c, const std::vector<Observation>& seen,
                                         const std::vector<Draft>& drafts);

/// Of the part's unit; of each of the two where it is a pair. Empty where the run's inventory has none.
std::vector<const Hardware*> hardware_of(const RunRecord& run, const Part& part);

/// Fills summary and next_step from the catalogue's texts.
void fill_texts(const RunRecord& run, const FindingKind* kind, Finding& finding);

}  // namespace assay::verdict
