#include <algorithm>
#include <cstddef>

#include "kernels/cuda_support.h"
#include "kernels/instructions.h"
#include "kernels/memory_sweep.h"
#include "kernels/memory_sweep_host.h"

namespace assay::memory {

#ifdef ASSAY_WITH_CUDA
namespace device {

constexpr unsigned kWarpsPerBlock = 8;
constexpr unsigned kThreads = kWarpsPerBlock * kLanes;
constexpr unsigned kWholeWarp = 0xffffffffu;

/// A block owns 128 KiB, so 32 bits hold its counts.
struct BlockCounts {
  unsigned per_bit[kBitsPerWord];
  unsigned flipped_bits[kBitsPerWord + 1];
};

struct ChunkView {
  Word128* data;
  std::uint64_t words;
  std::uint64_t first_word;
  std::uint32_t number;
};

/// Called by whole warps. Ballots make its cost the same however many bits are wrong, so that a broken wire
/// cannot stall a pass.
__device__ void count_flipped(BlockCounts& counts, Word128 flipped, int lane) {
#pragma unroll 1
  for (int part = 0; part < kBitsPerWord / 32; ++part) {
    const std::uint64_t half = part < 2 ? flipped.low : flipped.high;
    const auto bits = static_cast<unsigned>(half >> (part % 2 * 32));
    int of_my_bit = 0;
#pragma unroll 1
    for (int bit = 0; bit < 32; ++bit) {
      const unsigned wrong = __ballot_sync(kWholeWarp, (bits >> bit) & 1);
      if (lane == bit) of_my_bit = __popc(wrong);
    }
    if (of_my_bit != 0) atomicAdd(&counts.per_bit[part * 32 + lane], static_cast<unsigned>(of_my_bit));
  }
  if (!is_zero(flipped)) atomicAdd(&counts.flipped_bits[__popcll(flipped.low) + __popcll(flipped.high)], 1u);
}

/// True when the miscompare found a place in the list.
__device__ bool record(SweepReport* report, const ChunkView& chunk, std::uint64_t word,
                       std::uint32_t pass_number, Word128 expected, Word128 actual) {
  if (cuda::load_relaxed(&report->recorded) >= kMaxMiscompares)
    return false;  // spares a broken wire the atomics
  const std::uint32_t slot = atomicAdd(&report->recorded, 1u);
  if (slot >= kMaxMiscompares) return false;
  Miscompare& entry = report->miscompares[slot];
  entry.expected = expected;
  entry.actual = actual;
  entry.word = chunk.first_word + word;
  entry.byte_offset = word * sizeof(Word128);
  entry.buffer = chunk.number;
  entry.pass = pass_number;
  return true;
}

/// One warp walks one page in march order, a group of four rows at a time: 64 bytes a lane are in flight
/// before the first use.
template <PatternKind kKind, bool kRead, bool kWrite>
__global__ void __launch_bounds__(kThreads, 4)
    sweep(ChunkView chunk, Pattern pattern, bool descending, std::uint32_t page_words,
          std::uint32_t pass_number, SweepReport* report) {
  ASSAY_SHARED(BlockCounts, counts);
  auto* const count_words = reinterpret_cast<unsigned*>(&counts);
  if constexpr (kRead) {
    for (unsigned i = threadIdx.x; i < sizeof(counts) / sizeof(unsigned); i += kThreads) count_words[i] = 0;
    __syncthreads();
  }
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const std::uint64_t page = static_cast<std::uint64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kLanes;
  const std::uint64_t begin = page * page_words;
  const std::uint64_t end = begin + page_words < chunk.words ? begin + page_words : chunk.words;
  const std::uint32_t groups =
      begin < end ? static_cast<std::uint32_t>((end - begin + kGroupWords - 1) / kGroupWords) : 0;

  for (std::uint32_t step = 0; step < groups; ++step) {
    const std::uint32_t group = descending ? groups - 1 - step : step;
    const std::uint64_t first = begin + static_cast<std::uint64_t>(group) * kGroupWords + lane;
    unsigned held = 0;  // recorded words keep what they hold until the second read
    if constexpr (kRead) {
      Word128 actual[kRowsPerGroup];
#pragma unroll
      for (int row = 0; row < kRowsPerGroup; ++row) {
        const std::uint64_t word = first + row * kLanes;
        if (word < end) actual[row] = cuda::load_streaming(chunk.data + word);
      }
      bool any_wrong = false;
#pragma unroll
      for (int row = 0; row < kRowsPerGroup; ++row) {
        const std::uint64_t word = first + row * kLanes;
        actual[row] =
            word < end ? actual[row] ^ pattern_word<kKind>(pattern, chunk.first_word + word) : Word128{0, 0};
        any_wrong |= !is_zero(actual[row]);
      }
      if (__any_sync(kWholeWarp, any_wrong)) {
#pragma unroll
        for (int row = 0; row < kRowsPerGroup; ++row) {
          const Word128 flipped = actual[row];
          count_flipped(counts, flipped, lane);
          if (is_zero(flipped)) continue;
          const std::uint64_t word = first + row * kLanes;
          const Word128 expected = pattern_word<kKind>(pattern, chunk.first_word + word);
          if (record(report, chunk, word, pass_number, expected, expected ^ flipped)) held |= 1u << row;
        }
      }
    }
    if constexpr (kWrite) {
      Pattern written = pattern;
      written.inverted ^= kRead;
#pragma unroll
      for (int r = 0; r < kRowsPerGroup; ++r) {
        const int row = descending ? kRowsPerGroup - 1 - r : r;
        const std::uint64_t word = first + row * kLanes;
        if (word < end && !(held >> row & 1)) {
          cuda::store_streaming(chunk.data + word, pattern_word<kKind>(written, chunk.first_word + word));
        }
      }
    }
  }
  if constexpr (kRead) {
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kBitsPerWord + 1; i += kThreads) {
      if (i < kBitsPerWord && counts.per_bit[i] != 0) {
        atomicAdd(reinterpret_cast<unsigned long long*>(&report->per_bit[i]), counts.per_bit[i]);
      }
      if (counts.flipped_bits[i] != 0) {
        atomicAdd(reinterpret_cast<unsigned long long*>(&report->flipped_bits[i]), counts.flipped_bits[i]);
      }
    }
  }
}

/// Reads more than the cache holds, so that what it held before has to come from the memory again.
__global__ void push_out_cache(const Word128* data, std::uint64_t words, unsigned long long* sink) {
  unsigned long long sum = 0;
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * blockDim.x;
  for (std::uint64_t i = static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < words;
       i += stride) {
    const Word128 word = cuda::load_past_l1(data + i);
    sum += word.low ^ word.high;
  }
  atomicXor(sink, sum);
}

__global__ void read_again(Word128* address, Miscompare* bad, bool write_complement) {
  bad->second_read = cuda::load_streaming(address);
  if (write_complement) cuda::store_streaming(address, complement(bad->expected));
}

class Sweep : public MemorySweep {
 public:
  Sweep(Gpu& gpu, std::vector<Chunk> chunks, int page_shift)
      : blocks_to_fill_(static_cast<unsigned>(gpu.multiprocessors()) * 4),
        cache_words_(gpu.l2_bytes() / sizeof(Word128)),
        chunks_(std::move(chunks)),
        page_words_(1u << page_shift) {}

  PassResult run(const Pass& pass) override {
    double bytes = 0;
    watch_.start();
    for (const Chunk& chunk : chunks_) {
      launch(pass, chunk);
      bytes += static_cast<double>(chunk.words * sizeof(Word128)) * pass.traversals();
    }
    const double seconds = watch_.stop();
    if (pass.read) take_second_reads(pass);
    ++pass_number_;
    return {seconds, bytes};
  }

  SweepReport report() override {
    SweepReport report = report_.download();
    report.recorded = std::min(report.recorded, kMaxMiscompares);
    total_up(report);
    return report;
  }

 private:
  static Word128* data(const Chunk& chunk) { return static_cast<Word128*>(chunk.buffer->device_pointer()); }

  void launch(const Pass& pass, const Chunk& chunk) {
    switch (pass.pattern.kind) {
      case PatternKind::address:
        return launch<PatternKind::address>(pass, chunk);
      case PatternKind::background:
        return launch<PatternKind::background>(pass, chunk);
      case PatternKind::random:
        return launch<PatternKind::random>(pass, chunk);
    }
  }

  template <PatternKind kKind>
  void launch(const Pass& pass, const Chunk& chunk) {
    const auto kernel = pass.read ? (pass.write ? sweep<kKind, true, true> : sweep<kKind, true, false>)
                                  : sweep<kKind, false, true>;
    const std::uint64_t block_words = static_cast<std::uint64_t>(page_words_) * kWarpsPerBlock;
    const auto blocks = static_cast<unsigned>((chunk.words + block_words - 1) / block_words);
    const ChunkView view{data(chunk), chunk.words, chunk.first_word, chunk.number};
    const double bytes = static_cast<double>(chunk.buffer->bytes());
    const Work work{pass.read ? bytes : 0, pass.write ? bytes : 0, WorkKind::sweep};
    cuda::launch({blocks, kThreads}, work, kernel, view, pass.pattern, pass.descending, page_words_,
                 pass_number_, report_.get());
  }

  void take_second_reads(const Pass& pass) {
    std::uint32_t recorded = 0;
    cuda::check(cudaMemcpy(&recorded, &report_.get()->recorded, sizeof(recorded), cudaMemcpyDeviceToHost),
                "download");
    recorded = std::min(recorded, kMaxMiscompares);
    if (recorded == second_reads_) return;
    const SweepReport report = report_.download();
    for (; second_reads_ < recorded; ++second_reads_) {
      const Miscompare& bad = report.miscompares[second_reads_];
      const Chunk& chunk = chunks_[bad.buffer];
      const std::uint64_t word = bad.byte_offset / sizeof(Word128);
      push_out(chunk, word);
      cuda::launch({1, 1}, Work{}, read_again, data(chunk) + word, report_.get()->miscompares + second_reads_,
                   pass.write);
    }
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "second read");
  }

  /// Reads twice the cache, from the half of the buffer that does not hold the word.
  void push_out(const Chunk& chunk, std::uint64_t word) {
    const std::uint64_t words = std::min(2 * cache_words_, chunk.words / 2);
    const std::uint64_t from = word < chunk.words / 2 ? chunk.words - words : 0;
    const std::uint64_t blocks = std::clamp<std::uint64_t>(words / kThreads, 1, blocks_to_fill_);
    cuda::launch({static_cast<unsigned>(blocks), kThreads}, Work{}, push_out_cache, data(chunk) + from, words,
                 sink_.get());
  }

  unsigned blocks_to_fill_;
  std::uint64_t cache_words_;
  std::vector<Chunk> chunks_;
  std::uint32_t page_words_;
  std::uint32_t pass_number_ = 0;
  std::uint32_t second_reads_ = 0;
  cuda::Stopwatch watch_;
  cuda::Resident<SweepReport> report_;
  cuda::Resident<unsigned long long> sink_;
};

}  // namespace device
#endif  // ASSAY_WITH_CUDA

namespace {

constexpr int kDevicePageShift = 10;
constexpr int kHostPageShift = 8;

}  // namespace

int sweep_page_shift(Gpu& gpu) {
  return gpu.host() != nullptr ? kHostPageShift : kDevicePageShift;
}

std::unique_ptr<MemorySweep> make_memory_sweep(Gpu& gpu, const std::vector<DeviceBuffer*>& region,
                                               int page_shift) {
  const std::uint64_t two_pages = 2ULL << page_shift;
  std::vector<Chunk> chunks;
  std::uint64_t next_word = 0;
  for (DeviceBuffer* buffer : region) {
    Cells* cells = buffer->cells();
    const std::uint64_t words = cells != nullptr ? cells->words() : buffer->bytes() / sizeof(Word128);
    chunks.push_back({buffer, static_cast<std::uint32_t>(chunks.size()), next_word, words});
    next_word += (words + two_pages - 1) / two_pages * two_pages;
  }
  if (HostDevice* host = gpu.host())
    return std::make_unique<host::Sweep>(*host, std::move(chunks), page_shift);
#ifdef ASSAY_WITH_CUDA
  return std::make_unique<device::Sweep>(gpu, std::move(chunks), page_shift);
#else
  throw DeviceError("harness.no_cuda", "this build has no CUDA");
#endif
}

}  // namespace assay::memory
