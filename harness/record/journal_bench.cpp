// Records per second into the journal, and per second read back.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/record/journal.h"
#include "harness/record/reader.h"
#include "harness/testing/run_builder.h"
#include "harness/testing/scratch_folder.h"

namespace assay::record {
namespace {

constexpr int kRecordsPerStep = 1'000;

Journal begin(const std::string& path, const Criteria& criteria) {
  Journal journal = Journal::create(path, [time = Nanoseconds{0}]() mutable { return time += kMillisecond; });
  const RunRecord run = builders::healthy_run(criteria);
  journal.run_start({run.plan, run.criteria_hash, run.version, run.command_line, run.node_name, run.hardware,
                     run.software});
  return journal;
}

Measurement bandwidth(double value) {
  return {"copy_bandwidth", value, "GB/s", "gpu3/hbm", "check"};
}

std::vector<Limit> limits_of_bandwidth(const Criteria& criteria) {
  std::vector<Limit> limits;
  for (const Limit& limit : criteria.limits) {
    if (limit.measurement == "copy_bandwidth") limits.push_back(limit);
  }
  return limits;
}

void write_step(Journal& journal, int number, const std::vector<Limit>& limits) {
  const std::string step = "step" + std::to_string(number);
  journal.step_start({step, "memory.bandwidth", "", "gpu3", 2, number});
  for (int i = 0; i < kRecordsPerStep; ++i) journal.measurement(step, bandwidth(4123.4567 + i), limits);
  journal.step_end(step, Status::complete);
}

/// A thousand records a step, which is far more than a check writes; `synced`: each step is on the disk
/// before the next one starts, as in a run.
void write(benchmark::State& state, bool limited, bool synced) {
  const testing_tools::ScratchFolder scratch;
  const Criteria criteria = builders::sample_criteria();
  const std::vector<Limit> limits = limited ? limits_of_bandwidth(criteria) : std::vector<Limit>{};
  Journal journal = begin((scratch / "records.jsonl"), criteria);
  int steps = 0;
  while (state.KeepRunning()) {
    write_step(journal, ++steps, limits);
    if (synced) journal.sync();
  }
  state.SetItemsProcessed(state.iterations() * kRecordsPerStep);
}
BENCHMARK_CAPTURE(write, plain, false, false)->Name("journal_write")->UseRealTime();
BENCHMARK_CAPTURE(write, limited, true, false)->Name("journal_write_with_limits")->UseRealTime();
BENCHMARK_CAPTURE(write, synced, false, true)->Name("journal_write_synced")->UseRealTime();

void read(benchmark::State& state) {
  const testing_tools::ScratchFolder scratch;
  constexpr int kSteps = 20;
  {
    Journal journal = begin((scratch / "records.jsonl"), builders::sample_criteria());
    for (int step = 1; step <= kSteps; ++step) write_step(journal, step, {});
  }
  while (state.KeepRunning()) {
    const RunRecord run = read_records((scratch / "records.jsonl"));
    if (run.steps.size() != kSteps) state.SkipWithError("not all steps were read back");
  }
  state.SetItemsProcessed(state.iterations() * kSteps * kRecordsPerStep);
}
BENCHMARK(read)->Name("journal_read")->UseRealTime();

}  // namespace
}  // namespace assay::record
