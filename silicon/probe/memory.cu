#include <algorithm>
#include <cstring>
#include <set>

#include "kernels/cuda_support.h"
#include "kernels/memory_bandwidth.h"
#include "kernels/memory_region.h"
#include "kernels/memory_sweep.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {
namespace {

using Region = std::vector<std::unique_ptr<DeviceBuffer>>;

std::vector<DeviceBuffer*> borrowed(const Region& region) {
  std::vector<DeviceBuffer*> buffers;
  for (const auto& buffer : region) buffers.push_back(buffer.get());
  return buffers;
}

constexpr std::uint64_t kReserveBytes = 64ULL << 20;

Region wanted_region(Gpu& gpu, double gib) {
  if (gib <= 0) return memory::allocate_region(gpu, kReserveBytes);
  Region region;
  region.push_back(gpu.allocate(static_cast<std::uint64_t>(gib * (1ULL << 30))));
  return region;
}

void flip(DeviceBuffer& buffer, std::uint64_t word, Word128 bits) {
  auto* const place = static_cast<char*>(buffer.device_pointer()) + word * sizeof(Word128);
  Word128 value{};
  cuda::check(cudaMemcpy(&value, place, sizeof(value), cudaMemcpyDeviceToHost), "read a word");
  value.low ^= bits.low;
  value.high ^= bits.high;
  cuda::check(cudaMemcpy(place, &value, sizeof(value), cudaMemcpyHostToDevice), "damage a word");
}

__global__ void walk_lines(const ulonglong2* data, std::uint64_t words, unsigned long long* sink) {
  unsigned long long sum = 0;
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * blockDim.x;
  for (std::uint64_t i = static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < words;
       i += stride)
    sum += __ldcg(data + i).x;
  atomicXor(sink, sum);
}

__global__ void touch(const ulonglong2* address, unsigned long long* sink) {
  atomicXor(sink, __ldcg(address).x);
}

/// The second clock is read when the load has come back: its address register depends on the value.
__global__ void timed_load(const ulonglong2* address, long long* cycles, unsigned long long* sink) {
  long long start = 0, end = 0;
  unsigned long long value = 0;
  asm volatile(
      "{\n"
      ".reg .u64 other;\n"
      "mov.u64 %0, %%clock64;\n"
      "ld.global.cg.v2.u64 {%2, other}, [%3];\n"
      "xor.b64 %2, %2, other;\n"
      "add.u64 %2, %2, %0;\n"
      "mov.u64 %1, %%clock64;\n"
      "}\n"
      : "=&l"(start), "=&l"(end), "=&l"(value)
      : "l"(address)
      : "memory");
  // A clock read right behind the add may still be issued before it: read once more behind a use of the
  // value.
  if (value == 1) *sink = value;
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(end)::"memory");
  *cycles = end - start;
}

}  // namespace

void sweep_rates(const Arguments& arguments) {
  const auto gpu = first_gpu();
  const Region region = wanted_region(*gpu, number_after(arguments, "--gib", 0));
  const int page_shift =
      static_cast<int>(number_after(arguments, "--page-shift", memory::sweep_page_shift(*gpu)));
  const auto sweep = memory::make_memory_sweep(*gpu, borrowed(region), page_shift);
  const auto passes = memory::full_set(7, 0, page_shift);
  sweep->run(passes[0]);
  const double started = now_s();
  double bytes = 0, seconds = 0;
  nlohmann::json each = nlohmann::json::array();
  for (const memory::Pass& pass : passes) {
    const memory::PassResult result = sweep->run(pass);
    bytes += result.bytes;
    seconds += result.seconds;
    each.push_back({{"pass", pass.name}, {"gb_per_s", result.bytes / result.seconds / 1e9}});
  }
  const memory::SweepReport report = sweep->report();
  say({{"page_shift", page_shift},
       {"buffers", region.size()},
       {"bytes", bytes},
       {"device_s", seconds},
       {"wall_s", now_s() - started},
       {"gb_per_s", bytes / seconds / 1e9},
       {"bad_words", report.bad_words},
       {"passes", each}});
}

void bandwidth(const Arguments&) {
  const auto gpu = first_gpu();
  using memory::Stream;
  const std::pair<const char*, Stream> streams[] = {
      {"read", Stream::read}, {"write", Stream::write}, {"copy", Stream::copy}, {"triad", Stream::triad}};
  for (const std::uint64_t mib : {32, 256, 1024, 4096, 8192}) {
    const std::uint64_t bytes = mib << 20;
    const auto measured = memory::make_memory_bandwidth(*gpu, bytes, 5);
    nlohmann::json line{{"mib_per_buffer", mib}};
    for (int round = 0; round < 2; ++round) {
      for (const auto& [name, stream] : streams) {
        std::vector<double> rates;
        for (int i = 0; i < 3; ++i) measured->run(stream, 1);
        for (int i = 0; i < 20; ++i)
          rates.push_back(measured->bytes(stream) / measured->run(stream, 1) / 1e9);
        line[std::string(name) + (round == 0 ? "" : "_again")] = spread(rates);
      }
    }
    line["bad_words"] = measured->bad_words();
    say(line);
  }
  constexpr std::uint64_t kBytes = 4ULL << 30;
  const auto from = gpu->allocate(kBytes), to = gpu->allocate(kBytes);
  cuda::Stopwatch watch;
  std::vector<double> copies, sets;
  for (int i = 0; i < 23; ++i) {
    watch.start();
    cuda::check(cudaMemcpyAsync(to->device_pointer(), from->device_pointer(), kBytes,
                                cudaMemcpyDeviceToDevice, cudaStreamPerThread),
                "device copy");
    if (const double seconds = watch.stop(); i >= 3) copies.push_back(2.0 * kBytes / seconds / 1e9);
    watch.start();
    cuda::check(cudaMemsetAsync(to->device_pointer(), i, kBytes, cudaStreamPerThread), "device set");
    if (const double seconds = watch.stop(); i >= 3) sets.push_back(1.0 * kBytes / seconds / 1e9);
  }
  say({{"driver_copy", spread(copies)}, {"driver_set", spread(sets)}, {"mib_per_buffer", 4096}});
}

void planted(const Arguments&) {
  const auto gpu = first_gpu();
  const Region region = memory::allocate_region(*gpu, kReserveBytes);
  const auto buffers = borrowed(region);
  const int page_shift = memory::sweep_page_shift(*gpu);
  const auto sweep = memory::make_memory_sweep(*gpu, buffers, page_shift);
  struct Damage {
    std::uint32_t buffer;
    std::uint64_t word;
    Word128 bits;
  };
  std::vector<Damage> damages;
  std::uint64_t total_words = 0;
  for (std::uint32_t b = 0; b < buffers.size(); ++b) {
    const std::uint64_t words = buffers[b]->bytes() / sizeof(Word128);
    total_words += words;
    damages.push_back({b, 0, {1, 0}});
    damages.push_back({b, words - 1, {0, 1ULL << 63}});
  }
  const std::uint64_t words = buffers[0]->bytes() / sizeof(Word128);
  for (std::uint64_t i = 1; i <= 40; ++i)
    damages.push_back({0, memory::mix64(i) % words, {1ULL << i, memory::mix64(i) & 1}});
  for (const memory::PatternKind kind :
       {memory::PatternKind::address, memory::PatternKind::background, memory::PatternKind::random}) {
    for (const bool descending : {false, true}) {
      for (const bool writes_back : {false, true}) {
        memory::Pattern pattern = memory::own_address(false);
        if (kind == memory::PatternKind::background) pattern = memory::background(3, page_shift, false);
        if (kind == memory::PatternKind::random) pattern = memory::random_data(11);
        const auto one = memory::make_memory_sweep(*gpu, buffers, page_shift);
        one->run({pattern, descending, false, true, "write"});
        std::uint64_t bits = 0;
        for (const Damage& d : damages) {
          flip(*buffers[d.buffer], d.word, d.bits);
          bits += static_cast<std::uint64_t>(__builtin_popcountll(d.bits.low) +
                                             __builtin_popcountll(d.bits.high));
        }
        const double start = now_s();
        const memory::PassResult result = one->run({pattern, descending, true, writes_back, "read"});
        const memory::SweepReport report = one->report();
        std::set<std::pair<std::uint32_t, std::uint64_t>> wanted, found;
        for (const Damage& d : damages) wanted.insert({d.buffer, d.word * sizeof(Word128)});
        std::uint64_t right_values = 0, bad_again = 0;
        for (std::uint32_t i = 0; i < report.recorded; ++i) {
          const memory::Miscompare& bad = report.miscompares[i];
          found.insert({bad.buffer, bad.byte_offset});
          for (const Damage& d : damages)
            right_values += d.buffer == bad.buffer && d.word * sizeof(Word128) == bad.byte_offset &&
                            (bad.expected.low ^ bad.actual.low) == d.bits.low &&
                            (bad.expected.high ^ bad.actual.high) == d.bits.high;
          bad_again += bad.second_read == bad.actual;
        }
        // After a pass that wrote back, every word holds the complement, recorded ones included.
        std::uint64_t bad_after = 0;
        if (writes_back) {
          memory::Pattern inverted = pattern;
          inverted.inverted = true;
          const auto check = memory::make_memory_sweep(*gpu, buffers, page_shift);
          check->run({inverted, false, true, false, "read back"});
          bad_after = check->report().bad_words;
        }
        say({{"kind", static_cast<int>(kind)},
             {"descending", descending},
             {"writes_back", writes_back},
             {"planted_words", damages.size()},
             {"planted_bits", bits},
             {"bad_words", report.bad_words},
             {"bad_bits", report.bad_bits},
             {"recorded", report.recorded},
             {"places_right", wanted == found},
             {"values_right", right_values},
             {"second_read_as_first", bad_again},
             {"bad_words_after_write", bad_after},
             {"wall_s", now_s() - start},
             {"device_s", result.seconds},
             {"words", total_words}});
      }
    }
  }
}

void eviction(const Arguments&) {
  const auto gpu = first_gpu();
  const std::uint64_t l2 = gpu->l2_bytes();
  const auto buffer = gpu->allocate(32 * l2);
  auto* const data = static_cast<ulonglong2*>(buffer->device_pointer());
  cuda::check(cudaMemset(data, 0, buffer->bytes()), "clear");
  cuda::Resident<long long> cycles;
  cuda::Resident<unsigned long long> sink;
  const auto blocks = static_cast<unsigned>(gpu->multiprocessors() * 4);
  // Lines spread over one page of the sweep's size, then over the first tenth of the buffer.
  for (const double times_cache : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0}) {
    std::vector<double> latencies;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const ulonglong2* line = data + memory::mix64(i) % (l2 / sizeof(ulonglong2));
      touch<<<1, 1>>>(line, sink.get());
      const auto words =
          static_cast<std::uint64_t>(times_cache * static_cast<double>(l2) / sizeof(ulonglong2));
      if (words > 0) walk_lines<<<blocks, 256>>>(data + 2 * l2 / sizeof(ulonglong2), words, sink.get());
      timed_load<<<1, 1>>>(line, cycles.get(), sink.get());
      cuda::check(cudaGetLastError(), "launch");
      latencies.push_back(static_cast<double>(cycles.download()));
    }
    std::sort(latencies.begin(), latencies.end());
    nlohmann::json deciles = nlohmann::json::array();
    for (std::size_t i = 0; i < latencies.size(); i += latencies.size() / 10) deciles.push_back(latencies[i]);
    deciles.push_back(latencies.back());
    say({{"l2_bytes", l2}, {"times_cache", times_cache}, {"cycles_deciles", deciles}});
  }
}

void hold(const Arguments&) {
  const auto gpu = first_gpu();
  const Region region = memory::allocate_region(*gpu, kReserveBytes);
  const int page_shift = memory::sweep_page_shift(*gpu);
  const auto sweep = memory::make_memory_sweep(*gpu, borrowed(region), page_shift);
  for (int set = 0;; ++set) {
    for (const memory::Pass& pass : memory::full_set(3, set, page_shift)) {
      sweep->run(pass);
      say({{"pass", pass.name}});
    }
  }
}

}  // namespace assay::silicon
