// The final step of a run: what the judge concluded, for readers that know OCP only and for those that know
// us.
#include "harness/record/artifacts.h"
#include "harness/record/journal.h"

namespace assay::record {
namespace {

using nlohmann::json;

/// A marginal value passes, and is watched. What a waiver covers neither passed nor counts as failed.
const char* diagnosis_type(Severity severity) {
  switch (severity) {
    case Severity::fail:
      return "FAIL";
    case Severity::marginal:
      return "PASS";
    case Severity::inconclusive:
    case Severity::waived:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

std::string message_of(const Finding& finding) {
  std::string message;
  for (const auto* texts : {&finding.summary, &finding.next_step}) {
    const auto text = texts->find("en");
    if (text == texts->end() || text->second.empty()) continue;
    if (!message.empty()) message += ' ';
    message += text->second;
  }
  return message;
}

json diagnosis_of(const Finding& finding, const std::set<std::string>& hardware_ids) {
  json content = {{"verdict", finding.code}, {"type", diagnosis_type(finding.severity)}};
  if (std::string message = message_of(finding); !message.empty()) content["message"] = std::move(message);
  set_part(content, finding.part, hardware_ids);
  return {{"diagnosis", std::move(content)}};
}

json passed(const CheckOutcome& outcome, const std::set<std::string>& hardware_ids) {
  json content = {{"verdict", outcome.check + ".pass"}, {"type", "PASS"}};
  set_part(content, outcome.part, hardware_ids);
  return {{"diagnosis", std::move(content)}};
}

}  // namespace

void Journal::judgement(const Judgement& judgement) {
  expect_running();
  for (const auto& [step, open] : steps_) {
    if (open) throw std::logic_error("the run cannot be judged: step " + step + " is open");
  }
  const std::string step = simulated_ ? std::string(kSimulatedStepPrefix) + kJudgementStep : kJudgementStep;
  if (!steps_.emplace(step, true).second) throw std::logic_error("the run already holds a judgement");
  const json answer = to_json(judgement);
  write_step(step, {{"testStepStart", {{"name", kJudgementStep}}}});
  for (std::size_t i = 0; i < judgement.findings.size(); ++i) {
    write_step(step, diagnosis_of(judgement.findings[i], hardware_ids_),
               extension(kFindingExtension, answer.at("findings").at(i)));
  }
  for (const CheckOutcome& outcome : judgement.checks) {
    if (outcome.result == Result::pass) write_step(step, passed(outcome, hardware_ids_));
  }
  json verdict = answer;
  verdict.erase("findings");
  write_step(step, extension(kVerdictExtension, std::move(verdict)));
  step_end(step, Status::complete);
  phase_ = Phase::judged;
}

}  // namespace assay::record
