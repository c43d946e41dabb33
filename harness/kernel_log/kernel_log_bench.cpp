// How fast a kernel's log is searched: a node that was up for months has gigabytes of it.
#include <benchmark/benchmark.h>

#include <fstream>
#include <string>

#include "harness/kernel_log/kernel_log.h"
#include "harness/testing/scratch_folder.h"

namespace assay::kernel_log {
namespace {

/// A syslog of `events` in a thousand lines that say something.
void search(benchmark::State& state) {
  constexpr int kLines = 1'000'000;
  const testing_tools::ScratchFolder folder;
  const std::string path = folder / "kern.log";
  {
    std::ofstream log(path);
    for (int i = 0; i < kLines; ++i) {
      log << "Nov 26 10:00:00 node-7 kernel: [" << i << ".123456] ";
      if (i % 1000 < state.range(0)) {
        log << "NVRM: Xid (PCI:0000:5d:00): 31, pid=4711, name=train.py, Ch 00000008, intr 00000000. MMU "
               "Fault\n";
      } else {
        log << "mlx5_core 0000:9b:00.0 ens1np0: Link up, speed 400Gb/s, module 0, Cable plugged, 17 events\n";
      }
    }
  }
  const auto bytes = static_cast<std::int64_t>(std::ifstream(path, std::ios::ate | std::ios::binary).tellg());
  while (state.KeepRunning()) {
    std::int64_t events = 0;
    read_all(path, [&](const KernelEvent&) { ++events; });
    if (events != kLines / 1000 * state.range(0)) state.SkipWithError("events were lost");
  }
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK(search)
    ->Name("kernel_log_search")
    ->ArgName("events_per_thousand")
    ->Arg(0)
    ->Arg(10)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace assay::kernel_log
