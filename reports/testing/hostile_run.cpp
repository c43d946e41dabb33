#include "reports/testing/sample_run.h"

namespace assay::reports::samples {
namespace {

void spoil(std::string& text) {
  text += "\x1b[2J\r\n\t\x7f\xff\u009b\u061c\u200b\u202e\u2028\u2066\ufeff\U000e0041";
}

void spoil(Phrase& phrase) {
  spoil(phrase.english);
  spoil(phrase.chinese);
}

void spoil(Part& part) {
  std::string path = part.path();
  spoil(path);
  part = path;
}

void spoil(FindingCode& code) {
  std::string text = code.text();
  spoil(text);
  code = text;
}

template <typename First, typename Second, typename... Others>
void spoil(First& first, Second& second, Others&... others) {
  spoil(first);
  spoil(second);
  (spoil(others), ...);
}

void spoil(Value& value) {
  value = std::string("value");
  spoil(std::get<std::string>(value));
}

void spoil(Error& error) {
  spoil(error.symptom, error.message, error.part, error.ended, error.chinese);
}

void spoil(Step& step) {
  spoil(step.id, step.check, step.part, step.started, step.ended);
  for (Measurement& m : step.measurements) {
    spoil(m.name, m.unit, m.part);
    spoil(m.value);
  }
  for (Error& error : step.errors) spoil(error);
  for (Evidence& evidence : step.evidence) {
    spoil(evidence.name);
    evidence.content = {{"list", {{{evidence.name, evidence.name}}}}, {"flat", evidence.name}};
  }
  if (step.evidence.empty()) return;
  std::string text = "gpu0";
  spoil(text);
  step.evidence.push_back(
      {"pairs",
       nlohmann::json::array(
           {{{"of", text}, {"unit", text}, {"better", text}, {"parts", {text}}, {"rows", {{7.0}}}}})});
}

void spoil(Finding& finding) {
  spoil(finding.code, finding.check, finding.part, finding.serial, finding.slot);
  for (auto* texts : {&finding.summary, &finding.next_step}) {
    for (auto& [language, text] : *texts) spoil(text);
  }
  for (EvidenceItem& item : finding.evidence) {
    spoil(item.step, item.part, item.measurement, item.unit, item.relation, item.source, item.detail);
    if (item.value) spoil(*item.value);
    if (item.limit) spoil(*item.limit);
  }
  for (Consequence& c : finding.consequences) spoil(c.code, c.check, c.part, c.detail);
}

void spoil(Criteria& criteria) {
  for (RequiredCheck& required : criteria.required) {
    spoil(required.check);
    for (Part& part : required.parts) spoil(part);
    for (Part& part : required.measured_parts) spoil(part);
    for (RequiredMeasure& measure : required.measures) spoil(measure.name, measure.subcomponent);
  }
  for (Limit& limit : criteria.limits) {
    spoil(limit.check, limit.measurement, limit.finding, limit.source, limit.date, limit.reason, limit.peak);
  }
  for (Waiver& w : criteria.waivers) spoil(w.finding, w.part, w.serial, w.reason, w.who, w.expires);
}

void spoil(Plan& plan) {
  spoil(plan.sku, plan.profile, plan.node);
  for (std::string& reason : plan.partial) spoil(reason);
  for (PlannedSlot& s : plan.slots)
    spoil(s.part, s.pci_address, s.serial, s.uuid, s.board_part_number, s.name);
  for (Stage& stage : plan.stages) {
    for (Placement& placement : stage.placements) {
      spoil(placement.part);
      for (Body& body : placement.bodies) spoil(body.check, body.variant);
    }
  }
  for (PlantedFault& fault : plan.faults) {
    spoil(fault.name, fault.kind, fault.part);
    fault.parameters = {{"parameter", fault.name}};
  }
}

}  // namespace

SampleRun hostile_run() {
  SampleRun sample = miscompare_run();
  RunRecord& run = sample.run;
  run.plan.partial = {"--only"};
  run.errors = {{"harness.disk_low", "less than 1 GiB left", "", ""}};
  run.steps.front().errors = {{"harness.worker_crashed", "signal 11", "gpu5", "signal 11"}};
  sample.judgement.notes = {"a note"};
  sample.judgement.not_as_shipped = {"profile /tmp/acceptance.toml"};

  spoil(run.plan);
  spoil(run.plan_hash, run.started, run.ended, run.command_line, run.version, run.node_name,
        run.driver_version);
  for (Hardware& h : run.hardware) spoil(h.id, h.name, h.serial, h.part_number, h.location);
  for (Step& step : run.steps) spoil(step);
  for (Error& error : run.errors) spoil(error);
  spoil(sample.criteria);
  spoil(sample.judgement.criteria_hash, sample.judgement.notes.front().english,
        sample.judgement.notes.front().chinese, sample.judgement.not_as_shipped.front(), sample.run_folder);
  for (Finding& finding : sample.judgement.findings) spoil(finding);
  for (CheckOutcome& outcome : sample.judgement.checks) spoil(outcome.check, outcome.part);
  return sample;
}

}  // namespace assay::reports::samples
