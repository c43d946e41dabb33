// Host time of one full set of the memory sweep on one GPU of the shipped simulated node: what a simulated
// run spends most of its processor time on.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "harness/config/sim_node.h"
#include "harness/node_sim/build_state.h"
#include "harness/node_sim/sim_gpu.h"
#include "harness/node_sim/virtual_clock.h"
#include "kernels/memory_region.h"
#include "kernels/memory_sweep.h"

namespace assay::memory {
namespace {

constexpr int kSlot = 0;
constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kReserveBytes = 64ULL << 20;  // as memory.sweep leaves

void shipped_node(sim::State& state) {
  config::Diagnostics diagnostics;
  const config::SimNode node =
      config::load_sim_node(ASSAY_SOURCE_DIR "/configs/sim/h200-8gpu.toml", diagnostics);
  sim::NodeSetup setup{node};
  for (const config::SimGpu& gpu : node.gpus) setup.slot_of_module[gpu.module_id] = gpu.module_id - 1;
  setup.kernel_log_path = "/dev/null";
  sim::build_state(state, setup);
}

void full_set_on_host(benchmark::State& bench) {
  const sim::SharedState state = sim::SharedState::anonymous();
  shipped_node(*state);
  sim::VirtualClock clock(state, sim::take_seat(state->clock));
  sim::SimGpu gpu(state, kSlot, clock, kSeed);
  const auto region = allocate_region(gpu, kReserveBytes);
  std::vector<DeviceBuffer*> buffers;
  std::uint64_t words = 0, bytes = 0;
  for (const auto& buffer : region) {
    buffers.push_back(buffer.get());
    words += buffer->words();
    bytes += buffer->bytes();
  }
  const int page_shift = sweep_page_shift(gpu);
  const auto sweep = make_memory_sweep(gpu, buffers, page_shift);
  int set = 0;
  std::int64_t accesses = 0;
  while (bench.KeepRunning()) {
    const std::vector<Pass> passes = full_set(kSeed, set++, page_shift);
    for (const Pass& pass : passes) sweep->run(pass);
    accesses += static_cast<std::int64_t>(static_cast<double>(words) * traversals(passes));
    if (sweep->report().bad_words != 0) bench.SkipWithError("a healthy memory miscompared");
  }
  bench.SetItemsProcessed(accesses);  // 16-byte words, read or written
  bench.counters["coverage"] = static_cast<double>(bytes) / static_cast<double>(gpu.memory().total_bytes);
}
BENCHMARK(full_set_on_host)->Name("sweep_full_set")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::memory
