#include "harness/node_real/memory_rate.h"

#include <sched.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "harness/node/host.h"
#include "harness/node/numa.h"
#include "harness/node_real/pages.h"

namespace assay {
namespace {

/// More than caches hold, in each of two buffers of each processor: 64 MiB, where they have some 2 to 4 each.
constexpr std::uint64_t kBytesOfOne = 64ull << 20;
constexpr int kRounds = 4;
/// As many as a socket's channels need; more only take longer to start.
constexpr std::size_t kMostProcessors = 32;

/// Of the node, those that this process may use, spread over them; those of the machine where the kernel
/// tells no nodes.
std::vector<int> usable_processors(const HostFiles& files, int numa_node) {
  std::vector<int> of_node = numa::processors(files, numa_node);
  if (numa_node == kAnyNumaNode) {
    of_node.resize(CPU_SETSIZE);
    std::iota(of_node.begin(), of_node.end(), 0);
  }
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return {};
  std::vector<int> usable;
  for (const int cpu : of_node) {
    if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, &allowed)) usable.push_back(cpu);
  }
  const std::vector<int> cores = numa::one_of_each_core(files, usable);
  if (!cores.empty()) usable = cores;
  const std::size_t step = (usable.size() + kMostProcessors - 1) / kMostProcessors;
  std::vector<int> spread;
  for (std::size_t i = 0; i < usable.size(); i += step) spread.push_back(usable[i]);
  return spread;
}

void stay_on(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof(one), &one);  // refused: it runs where it may, and is no slower for it
}

}  // namespace

double memory_rate_of(const HostFiles& files, int numa_node) {
  using Time = std::chrono::steady_clock;
  const std::vector<int> processors = usable_processors(files, numa_node);
  if (processors.empty())
    throw std::runtime_error("no processor of NUMA node " + std::to_string(numa_node) + " may be used");
  std::barrier together(static_cast<std::ptrdiff_t>(processors.size()));
  std::mutex mutex;
  std::vector<Time::duration> longest(kRounds, Time::duration::zero());
  std::exception_ptr failed;
  const auto copy = [&](int cpu) {
    stay_on(cpu);
    std::unique_ptr<HostMemory> from, to;
    try {
      from = allocate_pages(kBytesOfOne, numa_node);
      to = allocate_pages(kBytesOfOne, numa_node);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failed = std::current_exception();
    }
    for (int round = 0; round < kRounds; ++round) {
      together.arrive_and_wait();
      const auto start = Time::now();
      if (from && to) std::memcpy(to->data(), from->data(), kBytesOfOne);
      const auto took = Time::now() - start;
      const std::lock_guard lock(mutex);
      auto& of_round = longest[static_cast<std::size_t>(round)];
      of_round = std::max<Time::duration>(of_round, took);
    }
  };
  std::vector<std::thread> threads;
  try {
    for (const int cpu : processors) threads.emplace_back(copy, cpu);
  } catch (const std::system_error&) {  // no more threads: those that are there do not wait for them
    failed = std::current_exception();
    for (std::size_t i = threads.size(); i < processors.size(); ++i) together.arrive_and_drop();
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) std::rethrow_exception(failed);
  const double seconds =
      std::chrono::duration<double>(*std::min_element(longest.begin(), longest.end())).count();
  return 2.0 * kBytesOfOne * static_cast<double>(processors.size()) / seconds;
}

}  // namespace assay
