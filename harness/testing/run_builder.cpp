#include "harness/testing/run_builder.h"

#include <algorithm>
#include <stdexcept>

#include "harness/model/content_hash.h"
#include "harness/model/telemetry_measures.h"
#include "harness/testing/stages.h"
#include "harness/verdict/judge.h"

namespace assay::builders {

namespace {

constexpr const char* kTelemetry = kTelemetryCheck;

std::vector<Part> gpu_parts(int gpus) {
  std::vector<Part> parts;
  for (int slot = 0; slot < gpus; ++slot) parts.push_back(Part::gpu(slot));
  return parts;
}

FindingKind kind(const char* code, FindingClass cls, Action action,
                 std::vector<FindingCode> explained_by = {}) {
  FindingKind kind;
  kind.code = code;
  kind.cls = cls;
  kind.actions = {action};
  kind.accuses = accused_from(kind.code.area()).value_or(Accused::part);
  if (kind.code.area() == "memory") kind.subcomponent = "hbm";
  kind.explained_by = std::move(explained_by);
  kind.summary = {{"en", "{part}: {value} {unit}, limit {limit} ({detail})"}, {"zh-CN", "{part}：{value}"}};
  kind.next_step = {{"en", "Slot {slot}, serial {serial}, after {check}."}};
  return kind;
}

/// As in the shipped catalogue.
std::vector<FindingKind> catalogue() {
  using C = FindingClass;
  const std::vector<FindingCode> device{"device.lost", "device.hung", "inventory.gpu_missing"};
  return {
      kind("memory.miscompare", C::corruption, Action::return_part),
      kind("device.lost", C::device_fault, Action::return_part, {"inventory.gpu_missing"}),
      kind("device.hung", C::device_fault, Action::return_part, {"device.lost"}),
      kind("device.ecc_uncorrectable", C::device_fault, Action::return_part),
      kind("inventory.gpu_missing", C::device_fault, Action::reseat),
      kind("memory.remap_pending", C::device_fault, Action::reset),
      kind("pcie.width", C::condition, Action::reseat),
      kind("memory.slow", C::performance, Action::swap_test),
      kind("collective.slow", C::performance, Action::swap_test, {"memory.slow"}),
      kind("inventory.vbios_differs", C::environment, Action::fix_environment),
      kind("environment.hot_inlet", C::environment, Action::fix_environment),
      kind("environment.foreign_process", C::environment, Action::fix_environment),
      kind("environment.not_idle", C::environment, Action::fix_environment),
      kind("harness.worker_crashed", C::incomplete, Action::rerun, device),
      kind("harness.step_timeout", C::incomplete, Action::rerun, device),
      kind("harness.interrupted", C::incomplete, Action::rerun),
      kind("harness.steady_state", C::incomplete, Action::rerun),
      kind("harness.check_not_run", C::incomplete, Action::rerun, device),
      kind("harness.missing_measurement", C::incomplete, Action::rerun, device),
      kind("harness.undeclared_measurement", C::incomplete, Action::rerun),
      kind("harness.not_finite", C::incomplete, Action::rerun),
      kind("harness.wrong_unit", C::incomplete, Action::rerun),
      kind("harness.no_limit", C::incomplete, Action::rerun),
      kind("harness.telemetry_lost", C::incomplete, Action::rerun, device),
  };
}

Limit limit(const char* check, const char* measurement, LimitKind kind, double bound, Unit unit,
            const char* finding) {
  Limit limit;
  limit.check = check;
  limit.measurement = measurement;
  limit.kind = kind;
  limit.bound = bound;
  limit.unit = unit;
  limit.finding = finding;
  limit.source = "test figures";
  limit.date = "2026-01-15";
  return limit;
}

std::vector<Limit> limits() {
  using K = LimitKind;
  std::vector<Limit> list{
      limit("inventory.gpus", "present", K::equal, 1, Unit::count, "inventory.gpu_missing"),
      limit("inventory.gpus", "vbios", K::peer_equal, 0, Unit::text, "inventory.vbios_differs"),
      limit("memory.sweep", "bad_words", K::equal, 0, Unit::count, "memory.miscompare"),
      limit("memory.bandwidth", "copy_bandwidth", K::min, 3900, Unit::gb_per_s, "memory.slow"),
      limit("memory.bandwidth", "copy_bandwidth", K::peer_ratio, 0.97, Unit::gb_per_s, "memory.slow"),
      limit("collective.allreduce", "bus_bandwidth", K::min, 400, Unit::gb_per_s, "collective.slow"),
      limit(kTelemetry, "ecc_uncorrected_dram_delta", K::max, 0, Unit::count, "device.ecc_uncorrectable"),
      limit(kTelemetry, "remap_pending", K::equal, 0, Unit::count, "memory.remap_pending"),
      limit(kTelemetry, "inlet", K::max, 35, Unit::celsius, "environment.hot_inlet"),
  };
  list[3].marginal_bound = 4000;
  list[4].scale_floor = 50;
  return list;
}

void add(Step& step, const char* name, Value value, Unit unit, const Part& part,
         const char* source = "check") {
  step.measurements.push_back({name, std::move(value), std::string(symbol(unit)), part, source});
}

void add_telemetry(Step& step, const Part& gpu) {
  add(step, "ecc_uncorrected_dram_delta", 0.0, Unit::count, gpu.below("hbm"), kTelemetry);
  add(step, "remap_pending", 0.0, Unit::count, gpu.below("hbm"), kTelemetry);
  add(step, "inlet", 24.5, Unit::celsius, gpu, kTelemetry);
}

void add_measurements(Step& step, const std::vector<Part>& gpus) {
  if (step.check == "inventory.gpus") {
    for (const Part& gpu : gpus) {
      add(step, "present", 1.0, Unit::count, gpu);
      add(step, "vbios", std::string("96.00.A5.00.01"), Unit::text, gpu);
      add(step, "name", std::string("NVIDIA H200"), Unit::text, gpu);
    }
  } else if (step.check == "memory.sweep") {
    add(step, "bad_words", 0.0, Unit::count, step.part.below("hbm"));
  } else if (step.check == "memory.bandwidth") {
    add(step, "copy_bandwidth", 4100.0 + *step.part.gpu_slot(), Unit::gb_per_s, step.part.below("hbm"));
  } else {
    add(step, "bus_bandwidth", 475.0, Unit::gb_per_s, "node");
  }
}

Plan plan_of(const Criteria& criteria, const std::vector<Part>& gpus) {
  Plan plan;
  plan.assay_version = "0.1.0";
  plan.sku = criteria.sku;
  plan.profile = criteria.profile;
  plan.node = "sim:node.toml";
  plan.simulated = true;
  plan.seed = 0x9e3779b97f4a7c15;
  for (const Part& gpu : gpus)
    plan.slots.push_back({gpu, *gpu.gpu_slot() + 1, "0000:1b:00.0", "1650" + gpu.path(), "", "", ""});
  plan.stages = {node_stage(0, "inventory.gpus"), gpu_stage(1, "memory.sweep", gpus, {30, 35, 120}),
                 gpu_stage(2, "memory.bandwidth", gpus, {5, 10, 60}),
                 ranks_stage(3, "collective.allreduce", gpus, {20, 30, 120})};
  return plan;
}

template <typename Items, typename Predicate>
auto& find_or_throw(Items& items, Predicate predicate, const std::string& what) {
  const auto found = std::find_if(items.begin(), items.end(), predicate);
  if (found == items.end()) throw std::out_of_range("no " + what);
  return *found;
}

}  // namespace

Criteria sample_criteria(int gpus) {
  const std::vector<Part> parts = gpu_parts(gpus), node{"node"};
  Criteria criteria;
  criteria.sku = "h200-sxm-8";
  criteria.profile = "quick";
  criteria.required = {
      {"inventory.gpus",
       node,
       {{"present", Unit::count, "", true}, {"vbios", Unit::text, "", true}, {"name", Unit::text, "", false}},
       parts,
       1},
      {"memory.sweep", parts, {{"bad_words", Unit::count, "hbm", true}}, parts, 1},
      {"memory.bandwidth", parts, {{"copy_bandwidth", Unit::gb_per_s, "hbm", true}}, parts, 1},
      {"collective.allreduce", node, {{"bus_bandwidth", Unit::gb_per_s, "", true}}, node, 1},
      {kTelemetry,
       parts,
       {{"ecc_uncorrected_dram_delta", Unit::count, "hbm", true},
        {"remap_pending", Unit::count, "hbm", true},
        {"inlet", Unit::celsius, "", true}},
       parts,
       1},
  };
  criteria.limits = limits();
  criteria.findings = catalogue();
  return criteria;
}

RunRecord healthy_run(const Criteria& criteria, int gpus) {
  const std::vector<Part> parts = gpu_parts(gpus);
  RunRecord run;
  run.plan = plan_of(criteria, parts);
  run.plan_hash = content_hash(run.plan);
  run.criteria_hash = hash_of(criteria);
  run.version = "0.1.0";
  run.command_line = "assay run --sku h200-sxm-8 --node sim:node.toml";
  run.node_name = "node-under-test";
  run.started = "2026-03-01T08:00:00.000000000Z";
  run.ended = "2026-03-01T08:20:00.000000000Z";
  run.software = {{"driver", "NVIDIA driver", "580.159"}, {"assay", "assay", "0.1.0"}};
  run.driver_version = "580.159";
  for (const Part& gpu : parts)
    run.hardware.push_back(
        {gpu.path(), "NVIDIA H200", "1650" + gpu.path(), "699-2G520", "slot " + gpu.path()});
  std::vector<Stage> stages = run.plan.stages;
  stages.push_back(gpu_stage(static_cast<int>(stages.size()), kTelemetry, parts));  // the last look
  for (const Stage& stage : stages) {
    for (const Placement& placement : stage.placements) {
      Step step;
      step.check = check_of(stage);
      step.part = placement.part;
      step.id = step_id(run.plan, stage.index, placement.bodies.front(), step.part, 1);
      step.stage = stage.index;
      step.status = Status::complete;
      step.started = run.started;
      step.ended = run.ended;
      if (step.check != kTelemetry) add_measurements(step, parts);
      for (const Part& gpu : gpus_of(placement)) add_telemetry(step, gpu);
      run.steps.push_back(std::move(step));
    }
  }
  run.closed = true;
  return run;
}

Step& step_of(RunRecord& run, const std::string& check, const Part& part, int attempt) {
  return find_or_throw(
      run.steps,
      [&](const Step& step) { return step.check == check && step.part == part && step.attempt == attempt; },
      check + " on " + part.path());
}

Measurement& measurement_of(Step& step, const std::string& name, const Part& part) {
  return find_or_throw(
      step.measurements, [&](const Measurement& m) { return m.name == name && m.part == part; },
      name + " of " + part.path());
}

FindingKind& kind_of(Criteria& criteria, const FindingCode& code) {
  return find_or_throw(
      criteria.findings, [&](const FindingKind& kind) { return kind.code == code; }, code.text());
}

Limit& limit_of(Criteria& criteria, const std::string& measurement, LimitKind kind) {
  return find_or_throw(
      criteria.limits, [&](const Limit& l) { return l.measurement == measurement && l.kind == kind; },
      measurement);
}

RequiredCheck& required_of(Criteria& criteria, const std::string& check) {
  return find_or_throw(
      criteria.required, [&](const RequiredCheck& required) { return required.check == check; }, check);
}

void set_bandwidth(RunRecord& run, int gpu, double value, int attempt) {
  const Part part = Part::gpu(gpu);
  measurement_of(step_of(run, "memory.bandwidth", part, attempt), "copy_bandwidth", part.below("hbm")).value =
      value;
}

Step& repeat(RunRecord& run, const std::string& check, const Part& part, int attempt) {
  Step copy = step_of(run, check, part);
  copy.attempt = attempt;
  copy.status = Status::complete;
  copy.errors.clear();
  copy.id = step_id(run.plan, copy.stage, {check}, part, attempt);
  run.steps.push_back(std::move(copy));
  return run.steps.back();
}

Step& fail_step(RunRecord& run, const std::string& check, const Part& part, Error error, int attempt) {
  Step& step = step_of(run, check, part, attempt);
  step.status = Status::error;
  step.errors.push_back(std::move(error));
  return step;
}

void remove_step(RunRecord& run, const std::string& check, const Part& part) {
  const Step* step = &step_of(run, check, part);
  run.steps.erase(run.steps.begin() + (step - run.steps.data()));
}

void write(record::Journal& journal, const RunRecord& run, const Criteria& criteria) {
  journal.run_start({run.plan, run.criteria_hash, run.version, run.command_line, run.node_name, run.hardware,
                     run.software});
  for (const Step& step : run.steps) {
    journal.step_start(step);
    for (const Measurement& measurement : step.measurements) {
      std::vector<Limit> apply;
      for (const Limit& limit : criteria.limits) {
        const std::string& check = measurement.source == kTelemetry ? measurement.source : step.check;
        if (limit.check == check && limit.measurement == measurement.name) apply.push_back(limit);
      }
      journal.measurement(step.id, measurement, apply);
    }
    for (const Evidence& evidence : step.evidence) journal.evidence(step.id, evidence);
    for (const Error& error : step.errors) journal.error(step.id, error);
    if (step.status != Status::open) journal.step_end(step.id, step.status);
  }
  for (const Error& error : run.errors) journal.run_error(error);
  if (!run.closed) return;
  const Judgement judgement = verdict::judge(run, criteria);
  journal.judgement(judgement);
  const bool accepted = judgement.verdict == Verdict::accept;
  journal.run_end(Status::complete, accepted ? Result::pass : Result::fail);
}

}  // namespace assay::builders
