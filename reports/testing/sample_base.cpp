#include "reports/testing/sample_base.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/testing/stages.h"

namespace assay::reports::samples {
namespace {

constexpr const char* kHash = "sha256:4f1d7c0e9b2a6583d1c4e7f80a9b3c5d6e7f8091a2b3c4d5e6f708192a3b4c5d";
constexpr const char* kCriteriaHash =
    "sha256:b81e0c6d5f4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0";

std::string serial_of(int gpu) {
  return fmt::format("16529230{:05}", 12041 + 17 * gpu);
}
std::string pci_of(int gpu) {
  constexpr const char* kBuses[kGpus] = {"1b", "43", "52", "61", "9d", "c3", "d1", "df"};
  return fmt::format("0000:{}:00.0", kBuses[gpu]);
}

Plan plan() {
  Plan plan;
  plan.assay_version = "0.1.0";
  plan.sku = "h200-sxm-8";
  plan.profile = "quick";
  plan.node = "sim:configs/sim/hgx-h200-8.toml";
  plan.simulated = true;
  plan.seed = 20260115;
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    plan.slots.push_back({.part = Part::gpu(gpu),
                          .module_id = gpu + 1,
                          .pci_address = pci_of(gpu),
                          .serial = serial_of(gpu),
                          .uuid = fmt::format("GPU-7c1f{:04x}-52d8-4b6e-9a30-6f0c2d4e8a1{}", 0x20 + gpu, gpu),
                          .board_part_number = "692-2G520-0280-000",
                          .name = "NVIDIA H200"});
  }
  std::vector<Part> gpus;
  for (int gpu = 0; gpu < kGpus; ++gpu) gpus.push_back(Part::gpu(gpu));
  plan.stages = {builders::node_stage(0, "inventory.gpus", {0, 2, 30}),
                 builders::gpu_stage(1, "health.memory_errors", gpus, {0, 2, 30}),
                 builders::gpu_stage(2, "memory.sweep", gpus, {60, 70, 210}),
                 builders::gpu_stage(3, "memory.bandwidth", gpus, {20, 25, 90})};
  return plan;
}

Criteria criteria() {
  Criteria c;
  c.sku = "h200-sxm-8";
  c.profile = "quick";
  std::vector<Part> gpus;
  for (int gpu = 0; gpu < kGpus; ++gpu) gpus.push_back(Part::gpu(gpu));
  c.required = {{"inventory.gpus",
                 {"node"},
                 {{"vbios", Unit::text, "", true}, {"nvlinks_active", Unit::count, "", true}},
                 gpus},
                {"health.memory_errors", gpus, {{"remap_failure", Unit::count, "hbm", true}}, gpus},
                {"memory.sweep", gpus, {{"bad_words", Unit::count, "hbm", true}}, gpus},
                {"memory.bandwidth", gpus, {{"copy_bandwidth", Unit::gb_per_s, "hbm", true}}, gpus}};
  const auto limit = [&](const char* check, const char* name, LimitKind kind, double bound, Unit unit,
                         const char* finding, const char* source) {
    Limit l{check, name, kind, bound, unit};
    l.finding = finding;
    l.source = source;
    l.date = "2025-11-01";
    c.limits.push_back(l);
    return &c.limits.back();
  };
  limit("inventory.gpus", "nvlinks_active", LimitKind::equal, 18, Unit::count, "nvlink.inactive",
        "H200 datasheet: 18 links");
  Limit vbios{"inventory.gpus", "vbios", LimitKind::peer_equal, std::string(), Unit::text};
  vbios.finding = "inventory.mixed_firmware";
  vbios.source = "one firmware per node";
  vbios.date = "2025-11-01";
  c.limits.push_back(vbios);
  limit("health.memory_errors", "remap_failure", LimitKind::equal, 0, Unit::count, "memory.remap_failure",
        "NVIDIA GPU memory error management");
  limit("memory.sweep", "bad_words", LimitKind::max, 0, Unit::count, "memory.miscompare",
        "memory returns what was written");
  Limit* copy = limit("memory.bandwidth", "copy_bandwidth", LimitKind::min, 4000, Unit::gb_per_s,
                      "memory.slow", "measured on an H200 SXM: 4.3 TB/s, less 7 %");
  copy->marginal_bound = 4100;
  copy->reason = "same-SKU GPUs differ by several per cent";
  copy->peak = "HBM3e 4800 GB/s";
  limit("memory.bandwidth", "copy_bandwidth", LimitKind::peer_ratio, 0.95, Unit::gb_per_s, "memory.uneven",
        "spread between units of one node")
      ->scale_floor = 40;
  c.waivers = {{"inventory.mixed_firmware", "gpu7", serial_of(7), "replacement board, firmware update booked",
                "Site operations, ticket 4711", "2026-03-31"}};
  return c;
}

Step& add_step(RunRecord& run, int stage, const Part& part, int attempt = 1) {
  Step step;
  step.check = builders::check_of(run.plan.stages.at(stage));
  step.part = part;
  step.stage = stage;
  step.attempt = attempt;
  step.id = fmt::format("sim-{:02}-{}-{}{}", stage, step.check, part,
                        attempt > 1 ? fmt::format("-a{}", attempt) : "");
  step.status = Status::complete;
  step.started = fmt::format("2026-01-15T08:3{}:{:02}.125Z", stage, attempt);
  step.ended = fmt::format("2026-01-15T08:3{}:{:02}.750Z", stage, attempt + 41);
  return run.steps.emplace_back(std::move(step));
}

void add_telemetry(Step& step, int gpu, double power) {
  const Part part = Part::gpu(gpu);
  step.measurements.push_back(measured(part, "power_p95", power, "W", "telemetry"));
  step.measurements.push_back(measured(part, "memory_temperature_max", 61.0 + gpu % 3, "degC", "telemetry"));
  step.measurements.push_back(measured(part, "ecc_uncorrected_dram", 0.0, "1", "telemetry"));
  step.measurements.push_back(measured(part, "pcie_replay", 0.0, "1", "telemetry"));
}

void add_inventory(RunRecord& run, int without = -1) {
  Step& step = add_step(run, 0, "node");
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    if (gpu == without) continue;
    const Part part = Part::gpu(gpu);
    step.measurements.push_back(
        measured(part, "vbios", std::string(gpu == 7 ? "96.00.D0.00.02" : "96.00.CF.00.01"), "text"));
    step.measurements.push_back(measured(part, "compute_capability", std::string("9.0"), "text"));
    step.measurements.push_back(measured(part, "nvlinks_active", 18.0, "1"));
  }
}

double copy_bandwidth(int gpu) {
  constexpr double kMeasured[kGpus] = {4287.41,  4301.882, 4266.07, 4312.5,
                                       4099.963, 4279.333, 4295.21, 4270.744};
  return kMeasured[gpu];
}

void add_gpu_steps(RunRecord& run, int gpu) {
  const Part part = Part::gpu(gpu);
  add_step(run, 1, part).measurements.push_back(measured(part.below("hbm"), "remap_failure", 0.0, "1"));
  Step& sweep = add_step(run, 2, part);
  sweep.measurements = {measured(part.below("hbm"), "bad_words", 0.0, "1"),
                        measured(part.below("hbm"), "passes", 4.0, "1")};
  add_telemetry(sweep, gpu, 412.5 + gpu);
  Step& bandwidth = add_step(run, 3, part);
  bandwidth.measurements.push_back(
      measured(part.below("hbm"), "copy_bandwidth", copy_bandwidth(gpu), "GB/s"));
  add_telemetry(bandwidth, gpu, 438.25 + gpu);
}

void pass(SampleRun& sample, const std::string& check, const Part& part) {
  sample.judgement.checks.push_back({check, part, Status::complete, Result::pass, 1});
}

}  // namespace

Measurement measured(const Part& part, const char* name, Value value, const char* unit, const char* source) {
  return {name, std::move(value), unit, part, source};
}

CheckOutcome& outcome(SampleRun& sample, const std::string& check, const Part& part) {
  return *std::find_if(sample.judgement.checks.begin(), sample.judgement.checks.end(),
                       [&](const auto& c) { return c.check == check && c.part == part; });
}

Step& step(SampleRun& sample, const std::string& check, const Part& part) {
  return *std::find_if(sample.run.steps.begin(), sample.run.steps.end(),
                       [&](const auto& s) { return s.check == check && s.part == part; });
}

SampleRun base_run(int without) {
  SampleRun sample;
  RunRecord& run = sample.run;
  run.plan = plan();
  run.plan_hash = kHash;
  run.criteria_hash = kCriteriaHash;
  run.started = "2026-01-15T08:30:00.000Z";
  run.ended = "2026-01-15T08:34:12.480Z";
  run.command_line = "assay run --sku h200-sxm-8 --profile quick --node sim:configs/sim/hgx-h200-8.toml";
  run.version = "0.1.0";
  run.node_name = "sim-node-01";
  run.driver_version = "580.95.05";
  run.closed = true;
  run.hardware.push_back(
      {"node", "HGX H200 8-GPU (simulated)", "SIM-0001", "935-24287-0000-000", "rack A7, unit 12"});
  for (PlannedSlot& slot : run.plan.slots) {
    if (slot.part != (without < 0 ? "" : Part::gpu(without))) {
      run.hardware.push_back(
          {slot.part.path(), slot.name, slot.serial, slot.board_part_number, slot.pci_address});
    } else {
      slot = {.part = slot.part, .module_id = slot.module_id};
    }
  }
  add_inventory(run, without);
  pass(sample, "inventory.gpus", "node");
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    if (gpu == without) continue;
    add_gpu_steps(run, gpu);
    for (const Stage& stage : run.plan.stages) {
      if (stage.placements.size() > 1) pass(sample, builders::check_of(stage), Part::gpu(gpu));
    }
  }
  sample.criteria = criteria();
  sample.judgement.verdict = Verdict::accept;
  sample.judgement.simulated = true;
  sample.judgement.sku = run.plan.sku;
  sample.judgement.profile = run.plan.profile;
  sample.judgement.plan_hash = kHash;
  sample.judgement.criteria_hash = kCriteriaHash;
  return sample;
}

EvidenceItem compared(const char* step_id, const char* measurement, Value value, Value limit,
                      const char* unit, const char* relation, const char* source) {
  EvidenceItem item;
  item.step = step_id;
  item.measurement = measurement;
  item.value = std::move(value);
  item.limit = std::move(limit);
  item.unit = unit;
  item.relation = relation;
  item.source = source;
  return item;
}

EvidenceItem told(const std::string& step_id, const Part& part, const char* detail) {
  EvidenceItem item;
  item.step = step_id;
  item.part = part;
  item.detail = detail;
  return item;
}

Finding finding(const char* code, FindingClass cls, Severity severity, const char* check, Part part,
                Action action) {
  Finding f;
  f.code = code;
  f.cls = cls;
  f.severity = severity;
  f.check = check;
  f.actions = {action};
  if (const auto gpu = part.gpu_slot()) {
    f.serial = serial_of(*gpu);
    f.slot = std::to_string(*gpu);
  }
  f.part = std::move(part);
  return f;
}

}  // namespace assay::reports::samples
