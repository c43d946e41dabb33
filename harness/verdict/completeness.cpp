// Absence never passes: what the criteria require and the records do not hold.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/model/finding_codes.h"
#include "harness/model/measurement_names.h"
#include "harness/model/source_words.h"
#include "harness/model/telemetry_measures.h"
#include "harness/model/versions.h"
#include "harness/verdict/evidence.h"
#include "harness/verdict/missing_readings.h"

namespace assay::verdict {
namespace {

bool contains(const std::vector<Part>& parts, const Part& part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

/// How often a step measured what of a check, by name and part.
using Measured = std::map<std::pair<std::string, Part>, int>;

Measured measured_of(const Step& step, const std::string& check) {
  Measured measured;
  for (const Measurement& m : step.measurements) {
    if (check_of(step, m) == check) ++measured[{m.name, m.part}];
  }
  return measured;
}

Phrase state_of(const Step& step) {
  switch (step.status) {
    case Status::open:
      return phrase("{} was never ended", "{} 未结束", step.id);
    case Status::skip:
      return phrase("{} was skipped", "{} 被跳过", step.id);
    case Status::error:
      return step.errors.empty()
                 ? phrase("{} ended in error without saying why", "{} 出错结束，未给出原因", step.id)
                 : phrase("{} ended in error", "{} 出错结束", step.id);
    case Status::complete:
      break;
  }
  return phrase("{} completed", "{} 已完成", step.id);
}

void observe_runs(const Case& c, const RequiredCheck& required, const Part& part,
                  std::vector<Observation>& seen) {
  const int in_plan = c.planned(required.check, part);
  // What a partial run left out on purpose is said once, in the notes, and keeps it from ACCEPT as a whole.
  // Of a follow-up, the plan has all that may come to be due.
  const bool by_plan = required.follow_up || !c.run.plan.partial.empty();
  const int needed = by_plan ? in_plan : std::max(required.occurrences, in_plan);
  const std::vector<const Step*>& steps = c.steps(required.check, part);
  std::set<int> completed;
  for (const Step* step : steps) {
    const bool planned = required.check == kTelemetryCheck || c.placement(*step) != nullptr;
    if (planned && step->status == Status::complete) completed.insert(step->stage);
  }
  const int done = static_cast<int>(completed.size());
  if (done >= needed) return;

  Observation observation;
  observation.code = codes::check_not_run;
  observation.check = required.check;
  observation.step_part = observation.part = observation.evidence.part = part;
  Phrase states;
  for (const Step* step : steps) {
    if (completed.count(step->stage) != 0) continue;
    observation.evidence.step = step->id;
    states += phrase("; {}", "；{}", state_of(*step));
    for (const Error& error : step->errors) {
      observation.because.emplace_back(
          error.symptom, c.place_of(error.symptom, error.part.empty() ? step->part : error.part));
    }
  }
  observation.evidence.detail =
      phrase("{0} completed {1} of {2} times on {3}{4}", "{0} 在 {3} 上应完成 {2} 次，实际 {1} 次{4}",
             required.check, done, needed, part, states);
  seen.push_back(std::move(observation));
}

/// Whether the step has the part among those that it works on. What a partial run left out on purpose is no
/// lack of its steps.
bool works_on(const Case& c, const Step& step, const Part& part) {
  const Placement* placement = c.placement(step);
  if (c.run.plan.partial.empty() || placement == nullptr) return true;
  const std::vector<Part> gpus = gpus_of(*placement);
  const std::vector<Part> units = part.units();
  return gpus.empty() || std::all_of(units.begin(), units.end(), [&](const Part& unit) {
           return !unit.gpu_slot() || contains(gpus, unit);
         });
}

/// How many values of its own part's measures a step owes of this one: of ranks that share a GPU, one each.
int ranks_at(const Case& c, const Step& step, const Part& part) {
  const Placement* placement = c.placement(step);
  if (placement == nullptr) return 1;
  const auto has_it = [&](const Participant& participant) {
    return participant.devices == std::vector<Part>{part};
  };
  return std::max<int>(1, static_cast<int>(std::count_if(placement->participants.begin(),
                                                         placement->participants.end(), has_it)));
}

/// The finding is the reason's: it leads to what mends it. What is wrong with the device is so of the whole
/// of it.
void give_reason(const Case& c, Observation& observation, const std::vector<std::string>& measures,
                 const std::string& why) {
  const MissingMeaning& meaning = meaning_of_missing(why);
  observation.code = meaning.code;
  observation.evidence.detail = phrase("{0} of {1}: {2}", "{1} 的 {0}：{2}", phrase_of_measurements(measures),
                                       observation.part, Phrase(meaning.words, meaning.chinese));
  if (!meaning.always_counts) return;
  observation.severity = c.severity_of(c.class_of(observation.code));
  observation.part = observation.evidence.part = c.place_of(observation.code, observation.part.unit());
}

/// What drivers answer from a branch on that is later than the oldest which is asked at all (the versions of
/// nvml.h; harness/node_sim/nvml_library/driver_age.cpp has the stand-in's functions).
int first_branch_with(const std::string& measure) {
  static const std::map<std::string, int> kBranches{{"sram_threshold_exceeded", 550},
                                                    {"recovery_action", 570}};
  const auto found = kBranches.find(measure);
  return found == kBranches.end() ? 0 : found->second;
}

/// The driver is older than the question. CUDA 13 does not start with it either: what is left is what the
/// node says of itself, judged as far as that driver knows.
bool is_of_newer_drivers(const Case& c, const std::string& measure, const std::string& why) {
  const auto driver = DriverVersion::of(c.run.driver_version);
  return driver.is_known() && driver.branch < first_branch_with(measure) &&
         meaning_of_missing(why).code == codes::driver_lacks;
}

bool is_let_pass(const RequiredMeasure& measure, const std::string& why) {
  return measure.may_lack && meaning_of_missing(why).code == codes::driver_lacks;
}

/// What an old driver was not asked.
using NotAsked = std::set<std::string>;

void observe_measures(const Case& c, const RequiredCheck& required, const Step& step,
                      std::vector<Observation>& seen, NotAsked& not_asked) {
  const Measured measured_in_step = measured_of(step, required.check);
  const Reasons reasons = reasons_of(step);
  for (const RequiredMeasure& measure : required.measures) {
    if (!measure.judged || measure.numbered) continue;
    const std::vector<Part>& parts = measured_parts(required, measure);
    const bool own_part_only = contains(parts, step.part);
    for (const Part& measured : parts) {
      if (own_part_only ? measured != step.part : !works_on(c, step, measured)) continue;
      const Part part = measured.below(measure.subcomponent);
      const auto found = measured_in_step.find({measure.name, part});
      const int there = found == measured_in_step.end() ? 0 : found->second;
      const int owed = measure.parts.empty() ? ranks_at(c, step, measured) : 1;
      if (there >= owed) continue;
      const auto why = reasons.find({part, measure.name});
      if (why == reasons.end() ? measure.may_lack : is_let_pass(measure, why->second)) continue;
      if (why != reasons.end() && is_of_newer_drivers(c, measure.name, why->second)) {
        not_asked.insert(measure.name);
        continue;
      }
      Observation observation;
      observation.code = codes::missing_measurement;
      observation.check = required.check;
      observation.step_part = step.part;
      observation.part = observation.evidence.part = part;
      observation.evidence.step = step.id;
      observation.evidence.measurement = measure.name;
      observation.evidence.unit = std::string(symbol(measure.unit));
      const Phrase name = phrase_of_measurement(measure.name);
      observation.evidence.detail =
          owed == 1 ? phrase("{} of {} was not measured", "未测得 {0}（{1}）", name, part)
                    : phrase("{0} of {1} was measured by {2} of {3} ranks",
                             "{1} 的 {0}：{3} 个 rank 中只有 {2} 个测得", name, part, there, owed);
      if (why != reasons.end()) give_reason(c, observation, {measure.name}, why->second);
      if (!measure.asked_by.empty())
        observation.evidence.detail += phrase(" (asked for by {})", "（由{}要求）",
                                              Phrase(measure.asked_by, source_in(measure.asked_by, "zh-CN")));
      seen.push_back(std::move(observation));
    }
  }
}

/// The GPUs whose counters are read around this step.
std::vector<Part> gpus_of(const Case& c, const Step& step) {
  const Placement* placement = c.placement(step);
  if (placement == nullptr) return {step.part};  // a look
  // Of bodies that overlap, the first has the telemetry of all.
  const Body& first = placement->bodies.front();
  if (first.check != step.check || first.variant != step.variant) return {};
  return gpus_of(*placement);
}

/// A reading that is judged in steps of some check alone, of which this is one.
bool is_judged_in(const Case& c, const std::string& measurement, const Step& step) {
  const auto& limits = c.limits(kTelemetryCheck, measurement);
  return std::any_of(limits.begin(), limits.end(), [&](const Limit* limit) {
    return !limit->during.empty() && c.works_at(step, limit->during);
  });
}

void observe_telemetry(const Case& c, const RequiredCheck& required, const Step& step,
                       std::vector<Observation>& seen) {
  const Measured measured = measured_of(step, required.check);
  const Reasons reasons = reasons_of(step);
  for (const Part& gpu : gpus_of(c, step)) {
    if (!contains(required.parts, gpu)) continue;
    std::vector<std::string> missing;
    std::map<std::string, std::vector<std::string>> explained;  // by reason: the measures
    for (const RequiredMeasure& measure : required.measures) {
      const Part part = gpu.below(measure.subcomponent);
      const bool owed = measure.judged || is_judged_in(c, measure.name, step);
      if (!owed || measure.numbered || measure.may_lack || measured.count({measure.name, part}) != 0)
        continue;
      const auto why = reasons.find({part, measure.name});
      (why == reasons.end() ? missing : explained[why->second]).push_back(measure.name);
    }
    Observation observation;
    observation.code = codes::telemetry_lost;
    observation.check = required.check;
    observation.step_part = observation.part = observation.evidence.part = gpu;
    observation.evidence.step = step.id;
    observation.evidence.detail = phrase("no {0} of {1} over {2}", "{2} 期间 {1} 缺少：{0}",
                                         phrase_of_measurements(missing), gpu, step.id);
    if (!missing.empty()) seen.push_back(observation);
    for (const auto& [why, names] : explained) {
      Observation of_reason = observation;
      give_reason(c, of_reason, names, why);
      seen.push_back(of_reason);
    }
  }
}

/// A switch is measured by the links of GPUs: of those whose place nobody can tell, nothing is said of it.
void explain_switches(std::vector<Observation>& seen) {
  const auto unplaced = std::find_if(seen.begin(), seen.end(), [](const Observation& one) {
    return one.code == codes::place_unknown && one.part.gpu_slot();
  });
  if (unplaced == seen.end()) return;
  const Cause cause(codes::place_unknown, unplaced->part);
  for (Observation& one : seen) {
    if (one.code == codes::missing_measurement && one.part.nvswitch_number()) one.because.push_back(cause);
  }
}

}  // namespace

void observe_completeness(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& notes) {
  NotAsked not_asked;
  for (const RequiredCheck& required : c.criteria.required) {
    const bool telemetry = required.check == kTelemetryCheck;
    for (const Part& part : required.parts) observe_runs(c, required, part, seen);
    for (const Step& step : c.run.steps) {
      if (step.status != Status::complete) continue;
      if (telemetry) {
        observe_telemetry(c, required, step, seen);
      } else if (step.check == required.check) {
        observe_measures(c, required, step, seen, not_asked);
      }
    }
  }
  explain_switches(seen);
  if (!not_asked.empty())
    notes.push_back(phrase("driver {} does not know, and was not asked: {}",
                           "驱动 {} 尚不支持以下读数，未作判定：{}", c.run.driver_version,
                           phrase_of_measurements({not_asked.begin(), not_asked.end()})));
}

}  // namespace assay::verdict
