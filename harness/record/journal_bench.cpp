// Records per second through the journal, and per second read back.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "harness/record/journal.h"
#include "harness/record/reader.h"
#include "harness/testing/run_builder.h"

namespace assay::record {
namespace {

struct Scratch {
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assay-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    folder = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(folder); }
  std::string folder;
};

Journal begin(const std::string& path, const Criteria& criteria) {
  Journal journal = Journal::create(path, [time = Nanoseconds{0}]() mutable { return time += kMillisecond; });
  const Run run = builders::healthy_run(criteria);
  journal.run_start({run.plan, run.criteria_hash, run.version, run.command_line, run.node_name, run.hardware,
                     run.software});
  journal.step_start("step", "memory.bandwidth", "gpu3", 2, 1);
  return journal;
}

void measurement(benchmark::State& state) {
  const Scratch scratch;
  const Criteria criteria = builders::sample_criteria();
  Journal journal = begin(scratch.folder + "/records.jsonl", criteria);
  const std::vector<Limit> limits{criteria.limits.at(3)};
  const std::vector<Limit> none;
  Measurement value{"copy_bandwidth", 4123.4567, "GB/s", "gpu3/hbm", "check"};
  for (auto _ : state) journal.measurement("step", value, state.range(0) != 0 ? limits : none);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(measurement)->Arg(0)->Arg(1);

void read_back(benchmark::State& state) {
  const Scratch scratch;
  const std::string path = scratch.folder + "/records.jsonl";
  constexpr int kRecords = 10'000;
  {
    Journal journal = begin(path, builders::sample_criteria());
    for (int i = 0; i < kRecords; ++i) journal.measurement("step", {"m", 1.0 * i, "1", "gpu3", "check"});
  }
  for (auto _ : state) benchmark::DoNotOptimize(read_records(path));
  state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(read_back);

}  // namespace
}  // namespace assay::record

BENCHMARK_MAIN();
