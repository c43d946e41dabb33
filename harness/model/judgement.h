// What the judge concludes: findings, a status per check and part, one verdict.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/criteria.h"
#include "harness/model/phrase.h"
#include "harness/model/run.h"

namespace assay {

enum class Verdict { accept, reject, inconclusive };
enum class Severity { fail, inconclusive, marginal, waived };
enum class Result { pass, fail, not_applicable };

struct EvidenceItem {
  std::string step;  // testStepId
  Part part;         // where it was seen; the finding's own part may be "harness" or "environment"
  std::string measurement;
  std::optional<Value> value, limit;
  std::string unit;
  std::string relation;  // "min", "max", "equal", ...
  std::string source;    // of the limit, with its date
  Phrase detail;         // for what is no measurement: how a worker ended, which rank never came
};

/// Something that a finding explains: shown beneath it, accuses nobody.
struct Consequence {
  FindingCode code;
  std::string check;
  Part part;
  Phrase detail;
};

struct Finding {
  FindingCode code;
  FindingClass cls = FindingClass::incomplete;
  Severity severity = Severity::fail;
  std::string check;
  Part part;
  std::vector<Action> actions;  // as in the catalogue: the first now, the next if it comes again
  std::string serial, slot;
  std::map<std::string, std::string> summary, next_step;  // by language, placeholders filled
  std::vector<EvidenceItem> evidence;
  std::vector<Consequence> consequences;
};

struct CheckOutcome {
  std::string check;
  Part part;
  Status status = Status::open;
  Result result = Result::not_applicable;
  int attempts = 0;
};

struct Judgement {
  Verdict verdict = Verdict::inconclusive;
  int waived = 0;
  int replaced_limits = 0;                  // by --limits: shown beside ACCEPT, as waivers are
  std::vector<std::string> not_as_shipped;  // as in the criteria: shown beside every verdict
  bool simulated = false;
  std::string sku, profile, plan_hash, criteria_hash;
  std::vector<Finding> findings;  // accusations first, by precedence
  std::vector<CheckOutcome> checks;
  /// Why the run is no acceptance whatever it measured: it contradicts itself, or nothing vouches for it.
  /// Notes too.
  std::vector<std::string> doubts;
  /// What must be known beside the findings: why the run cannot be an acceptance, what was waived and why,
  /// what was repeated.
  std::vector<Phrase> notes;
};

/// "ACCEPT", "ACCEPT (waived 2, limits replaced 1)", "REJECT (profile /tmp/mine.toml)".
std::string headline(const Judgement& judgement);
/// In OCP's testRunEnd.
Result result_of(Verdict verdict);
std::string_view name_of(Verdict);
std::string_view name_of(Severity);
std::string_view name_of(Result);
/// As OCP spells it: "PASS", "FAIL", "NOT_APPLICABLE".
std::string_view ocp_name_of(Result);

/// Version of the form of `assay judge --json`. 1, which said none: a finding has one action.
inline constexpr int kJudgementSchema = 2;

/// The stable, documented form of `assay judge --json`.
nlohmann::json to_json(const Judgement& judgement);

}  // namespace assay
