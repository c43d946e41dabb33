// The judge over runs that are far from healthy: its time has to grow with the records and not with their
// square.
#include <benchmark/benchmark.h>

#include <string>

#include "harness/model/judgement.h"
#include "harness/testing/run_builder.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

void judge_run(benchmark::State& state, const RunRecord& run, const Criteria& criteria) {
  while (state.KeepRunning()) {
    const Judgement judgement = judge(run, criteria);
    if (judgement.verdict != Verdict::reject) state.SkipWithError("a defective run was not rejected");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// One part of which every value fails.
void failing_values(benchmark::State& state) {
  const Criteria criteria = builders::sample_criteria();
  RunRecord run = builders::healthy_run(criteria);
  auto& measurements = builders::step_of(run, "memory.sweep", "gpu3").measurements;
  Measurement bad = measurements.front();
  for (int i = 1; i <= state.range(0); ++i) {
    bad.value = static_cast<double>(i);
    measurements.push_back(bad);
  }
  judge_run(state, run, criteria);
}
BENCHMARK(failing_values)
    ->Name("judge_failing_values")
    ->Arg(40'000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// As many parts, each with a finding of its own.
void failing_parts(benchmark::State& state) {
  const Criteria criteria = builders::sample_criteria();
  RunRecord run = builders::healthy_run(criteria);
  auto& measurements = builders::step_of(run, "memory.sweep", "gpu3").measurements;
  Measurement bad = measurements.front();
  bad.value = 1.0;
  for (int i = 0; i < state.range(0); ++i) {
    bad.part = "gpu3/sm" + std::to_string(i);
    measurements.push_back(bad);
  }
  judge_run(state, run, criteria);
}
BENCHMARK(failing_parts)
    ->Name("judge_failing_parts")
    ->Arg(40'000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// A step that was repeated for ever.
void failing_steps(benchmark::State& state) {
  const Criteria criteria = builders::sample_criteria();
  RunRecord run = builders::healthy_run(criteria);
  Step step = builders::step_of(run, "memory.sweep", "gpu3");
  step.measurements.front().value = 1.0;
  step.errors.push_back({"harness.step_timeout", "no answer", "", "timeout"});
  step.status = Status::error;
  for (int i = 0; i < state.range(0); ++i) {
    step.attempt = i + 2;
    step.id = "sim-01-memory.sweep-gpu3-a" + std::to_string(step.attempt);
    run.steps.push_back(step);
  }
  judge_run(state, run, criteria);
}
BENCHMARK(failing_steps)->Name("judge_steps")->Arg(20'000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace assay::verdict
