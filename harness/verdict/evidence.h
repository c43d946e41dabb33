// What single records show against a part or against the harness, before anything is explained, waived or
// merged; and the run with its criteria, indexed as the judge looks things up.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/judgement.h"
#include "harness/verdict/follow_ups.h"

namespace assay::verdict {

/// A finding code on a part.
using Cause = std::pair<FindingCode, Part>;

struct Observation {
  FindingCode code;
  Severity severity = Severity::inconclusive;
  std::string check;
  Part step_part;  // of the check whose outcome this touches; empty: of all its parts
  Part part;       // where it was seen, down to the subcomponent
  EvidenceItem evidence;
  std::vector<Cause>
      because;  // known beyond what the catalogue says: the error that kept a check from running
};

class Case {
 public:
  /// `triggered`: the follow-ups that are due (follow_ups.h).
  Case(const RunRecord& run_to_judge, const Criteria& by, const Triggered& triggered = {});

  const RunRecord& run;
  const Criteria& criteria;

  /// Nothing for a check that the criteria do not ask for.
  const RequiredCheck* required(const std::string& check) const;
  /// Nothing for a step that stands outside the plan.
  const Placement* placement(const Step& step) const;
  /// Whether the step's worker ran this check: by itself, or as one of those that overlapped.
  bool works_at(const Step& step, const std::string& check) const;
  /// Nothing for a code that the catalogue lacks.
  const FindingKind* kind(const FindingCode& code) const;
  /// Of a code that the catalogue lacks: incomplete, which accuses nobody and accepts nothing.
  FindingClass class_of(const FindingCode& code) const;
  /// Where a finding seen on `part` belongs: down to its subcomponent, on a GPU.
  Part place_of(const FindingCode& code, const Part& part) const;
  /// What a failure of this class does to the verdict.
  Severity severity_of(FindingClass cls) const;
  const std::vector<const Limit*>& limits(const std::string& check, const std::string& measurement) const;
  /// All that ran of a check on a part, in the order of the records.
  const std::vector<const Step*>& steps(const std::string& check, const Part& part) const;
  /// How often the plan itself runs the check on the part; follow-ups that are not due do not count.
  int planned(const std::string& check, const Part& part) const;

 private:
  using CheckAndPart = std::pair<std::string, Part>;
  std::map<std::string, const RequiredCheck*> required_;
  std::map<Task, const Placement*> placements_;
  std::map<FindingCode, const FindingKind*> kinds_;
  std::map<std::pair<std::string, std::string>, std::vector<const Limit*>> limits_;
  std::map<CheckAndPart, std::vector<const Step*>> steps_;
  std::map<CheckAndPart, int> planned_;
};

/// "telemetry" for what the sampler read, else the step's check: under which name limits and requirements
/// stand.
const std::string& check_of(const Step& step, const Measurement& measurement);

/// The parts that a check has to measure.
const std::vector<Part>& measured_parts(const RequiredCheck& required, const RequiredMeasure& measure);

/// Readable text of a value: "17", "4012.5", "NaN".
std::string text_of(const Value& value);
/// "83 degC", "17" of a count. Of evidence that has a value.
std::string value_with_unit(const EvidenceItem& item);

// The judge's passes over the records. Each adds what it sees.

/// Why values are missing, where that is the device's own word.
void observe_missing_readings(const Case& c, std::vector<Observation>& seen);
/// `notes`: what an old driver was not asked.
void observe_completeness(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& notes);
void observe_declarations(const Case& c, std::vector<Observation>& seen);
/// `not_judged`: what no limit was held against, and why.
void observe_limits(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& not_judged);
/// What most of the node's GPUs show alike (FindingKind::of_most), of what is seen so far.
void observe_common_causes(const Case& c, std::vector<Observation>& seen);
/// The delivery manifest, where the criteria have one. `notes`: what is wrong with the papers alone.
void observe_manifest(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& notes);
/// Which GPU the manifest has in this slot of this node; empty where it does not say.
std::string expected_serial(const Case& c, const Part& slot);
void observe_errors(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& notes);

}  // namespace assay::verdict
