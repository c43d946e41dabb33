#include <algorithm>
#include <cstddef>

#include "kernels/cuda_support.h"
#include "kernels/instructions/memory.h"
#include "kernels/instructions/sm.h"
#include "kernels/memory_sweep.h"
#include "kernels/sweep_region.h"

namespace assay::memory::ASSAY_TARGET {
namespace {

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

/// Which page a warp owns.
struct PageOrder {
  std::uint64_t pages;   // of the chunk
  std::uint64_t stride;  // page_stride
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

/// The words that one lane meets in its page. Of a background they depend on lane, row and page alone: what
/// inverts them is worked out once a page, not once a word.
template <PatternKind kKind>
class LaneWords {
 public:
  __device__ LaneWords(const Pattern& pattern, std::uint64_t first_of_page, int lane, bool descending)
      : pattern_(pattern) {
    if constexpr (kKind == PatternKind::background) {
      for (int r = 0; r < kRowsPerGroup; ++r) {
        const std::uint64_t index =
            first_of_page + static_cast<std::uint64_t>(row(r, descending) * kLanes + lane);
        inverted_ |= static_cast<unsigned>(is_inverted(pattern, index)) << r;
      }
    }
  }

  /// At the beginning of a group. Without it the compiler keeps the words of all rows in registers, and
  /// spills.
  __device__ void begin_group() { inverted_ = cuda::opaque(inverted_); }

  /// Rows of a group go by in march order.
  __device__ static int row(int r, bool descending) { return descending ? kRowsPerGroup - 1 - r : r; }

  /// The word of row(r) of a group, which has this index in the region.
  __device__ Word128 operator()(int r, std::uint64_t index) const {
    if constexpr (kKind != PatternKind::background) return pattern_word<kKind>(pattern_, index);
    const std::uint64_t flip = 0 - static_cast<std::uint64_t>(inverted_ >> r & 1);
    return pattern_.bits ^ Word128 { flip, flip };
  }

 private:
  const Pattern& pattern_;
  unsigned inverted_ = 0;  // a bit a row of the group, in march order
};

/// Lanes whose line of the cache holds a word that a lane of `lanes` has.
__device__ unsigned same_line(unsigned lanes, int lane) {
  constexpr unsigned kLanesOfLine = (1u << kLineWords) - 1;
  return lanes >> (lane / kLineWords * kLineWords) & kLanesOfLine;
}

/// One warp walks one page in march order, a group of four rows at a time: 64 bytes a lane are in flight
/// before the first use.
template <PatternKind kKind, bool kRead, bool kWrite>
__global__ void __launch_bounds__(kThreads, 4)
    sweep(ChunkView chunk, Pattern pattern, bool descending, unsigned words_of_line, std::uint32_t page_words,
          PageOrder order, std::uint32_t pass_number, SweepReport* report) {
  ASSAY_SHARED(BlockCounts, counts);
  auto* const count_words = reinterpret_cast<unsigned*>(&counts);
  if constexpr (kRead) {
    for (unsigned i = threadIdx.x; i < sizeof(counts) / sizeof(unsigned); i += kThreads) count_words[i] = 0;
    __syncthreads();
  }
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const std::uint64_t number = static_cast<std::uint64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kLanes;
  const std::uint64_t begin = number * order.stride % order.pages * page_words;
  const std::uint64_t end = begin + page_words < chunk.words ? begin + page_words : chunk.words;
  const std::uint32_t groups =
      number < order.pages ? static_cast<std::uint32_t>((end - begin + kGroupWords - 1) / kGroupWords) : 0;
  const bool walked = (words_of_line >> (lane % kLineWords) & 1) != 0;
  const std::uint64_t end_of_lane = walked ? end : begin;
  using Words = LaneWords<kKind>;
  Words expected(pattern, chunk.first_word + begin, lane, descending);

  for (std::uint32_t step = 0; step < groups; ++step) {
    const std::uint32_t group = descending ? groups - 1 - step : step;
    const std::uint64_t first = begin + static_cast<std::uint64_t>(group) * kGroupWords + lane;
    expected.begin_group();
    const auto word_at = [&](int r) {
      return first + static_cast<std::uint64_t>(Words::row(r, descending)) * kLanes;
    };
    unsigned held = 0;  // lines with a recorded word keep what they hold until the second read
    if constexpr (kRead) {
      Word128 actual[kRowsPerGroup];
#pragma unroll
      for (int r = 0; r < kRowsPerGroup; ++r) {
        const std::uint64_t word = word_at(r);
        if (word < end_of_lane) actual[r] = cuda::load_streaming(chunk.data + word);
      }
      bool any_wrong = false;
#pragma unroll
      for (int r = 0; r < kRowsPerGroup; ++r) {
        const std::uint64_t word = word_at(r);
        actual[r] = word < end_of_lane ? actual[r] ^ expected(r, chunk.first_word + word) : Word128{0, 0};
        any_wrong |= !is_zero(actual[r]);
      }
      if (__any_sync(kWholeWarp, any_wrong)) {
#pragma unroll
        for (int r = 0; r < kRowsPerGroup; ++r) {
          const Word128 flipped = actual[r];
          count_flipped(counts, flipped, lane);
          bool recorded = false;
          if (!is_zero(flipped)) {
            const std::uint64_t word = word_at(r);
            const Word128 good = expected(r, chunk.first_word + word);
            recorded = record(report, chunk, word, pass_number, good, good ^ flipped);
          }
          if (same_line(__ballot_sync(kWholeWarp, recorded), lane) != 0) held |= 1u << r;
        }
      }
    }
    if constexpr (kWrite) {
#pragma unroll
      for (int r = 0; r < kRowsPerGroup; ++r) {
        const std::uint64_t word = word_at(r);
        if (word < end_of_lane && !(held >> r & 1)) {
          const Word128 good = expected(r, chunk.first_word + word);
          cuda::store_streaming(chunk.data + word, kRead ? complement(good) : good);
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

__global__ void read_again(const Word128* address, Word128* into) {
  *into = cuda::load_streaming(address);
}

__global__ void write_word(Word128* address, Word128 value) {
  cuda::store_streaming(address, value);
}

/// A thread a word of the line: what the pass would have left there.
template <PatternKind kKind>
__global__ void write_line(ChunkView chunk, Pattern pattern, unsigned words_of_line, std::uint64_t line) {
  const std::uint64_t word = line + threadIdx.x;
  if (word < chunk.words && (words_of_line >> threadIdx.x & 1) != 0)
    cuda::store_streaming(chunk.data + word,
                          complement(pattern_word<kKind>(pattern, chunk.first_word + word)));
}

class Sweep : public MemorySweep {
 public:
  Sweep(Gpu& gpu, std::vector<Chunk> chunks, int page_shift)
      : blocks_to_fill_(static_cast<unsigned>(gpu.multiprocessors()) * 4),
        cache_words_(gpu.l2_bytes() / sizeof(Word128)),
        chunks_(std::move(chunks)),
        largest_(*std::max_element(chunks_.begin(), chunks_.end(),
                                   [](const Chunk& a, const Chunk& b) { return a.words < b.words; })),
        page_words_(1u << page_shift) {}

  PassResult run(const Pass& pass) override {
    double bytes = 0;
    watch_.start();
    for (const Chunk& chunk : chunks_) {
      const Work work = pass.work(static_cast<double>(chunk.buffer->bytes()));
      for_kind(pass.pattern.kind, [&]<PatternKind kKind>() { launch<kKind>(pass, chunk, work); });
      bytes += work.amount(Resource::memory);
    }
    const double seconds = watch_.stop();
    if (pass.read) look_again(pass);
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
  static ChunkView view(const Chunk& chunk) {
    return {static_cast<Word128*>(chunk.buffer->device_pointer()), chunk.words, chunk.first_word,
            chunk.number};
  }

  template <PatternKind kKind>
  void launch(const Pass& pass, const Chunk& chunk, const Work& work) {
    const auto kernel = pass.read ? (pass.write ? sweep<kKind, true, true> : sweep<kKind, true, false>)
                                  : sweep<kKind, false, true>;
    const std::uint64_t pages = (chunk.words + page_words_ - 1) / page_words_;
    const auto blocks = static_cast<unsigned>((pages + kWarpsPerBlock - 1) / kWarpsPerBlock);
    cuda::launch({blocks, kThreads}, work, kernel, view(chunk), pass.pattern, pass.descending,
                 pass.words_of_line, page_words_, PageOrder{pages, page_stride(pass, pages)}, pass_number_,
                 report_.get());
  }

  /// At the words that this pass recorded.
  void look_again(const Pass& pass) {
    std::uint32_t recorded = 0;
    cuda::check(cudaMemcpy(&recorded, &report_.get()->recorded, sizeof(recorded), cudaMemcpyDeviceToHost),
                "download");
    recorded = std::min(recorded, kMaxMiscompares);
    if (recorded == looked_at_) return;
    Miscompare* const entries = report_.get()->miscompares;
    SweepReport report = report_.download();
    for (std::uint32_t i = looked_at_; i < recorded; ++i)
      read_past_cache(report.miscompares[i], &entries[i].second_read);
    // Only now: another word of the line may have been recorded, too.
    report = report_.download();
    for (std::uint32_t i = looked_at_; i < recorded; ++i) {
      const Miscompare& bad = report.miscompares[i];
      write(bad, bad.expected);
      read_past_cache(bad, &entries[i].held[0]);
      write(bad, complement(bad.expected));
      read_past_cache(bad, &entries[i].held[1]);
      if (pass.write) {
        end_line(bad, pass);
      } else {
        write(bad, bad.second_read);
      }
    }
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "second read");
    looked_at_ = recorded;
  }

  static std::uint64_t word_in_buffer(const Miscompare& bad) { return bad.byte_offset / sizeof(Word128); }
  Word128* address_of(const Miscompare& bad) const {
    return view(chunks_[bad.buffer]).data + word_in_buffer(bad);
  }

  void read_past_cache(const Miscompare& bad, Word128* into) {
    push_out(bad);
    cuda::launch({1, 1}, Work{}, read_again, address_of(bad), into);
  }

  void write(const Miscompare& bad, Word128 value) {
    cuda::launch({1, 1}, Work{}, write_word, address_of(bad), value);
  }

  /// What the pass would have left in the word's line.
  void end_line(const Miscompare& bad, const Pass& pass) {
    const std::uint64_t line = word_in_buffer(bad) / kLineWords * kLineWords;
    for_kind(pass.pattern.kind, [&]<PatternKind kKind>() {
      cuda::launch({1, kLineWords}, Work{}, write_line<kKind>, view(chunks_[bad.buffer]), pass.pattern,
                   pass.words_of_line, line);
    });
  }

  /// Reads eight times the cache, whose replacement is not known: from the largest buffer, where the word is
  /// in it from the half that does not hold it.
  void push_out(const Miscompare& bad) {
    const std::uint64_t words = std::min(8 * cache_words_, (largest_.words + 1) / 2);
    const bool in_first_half = bad.buffer == largest_.number && word_in_buffer(bad) < largest_.words / 2;
    const std::uint64_t from = in_first_half ? largest_.words - words : 0;
    const std::uint64_t blocks = std::clamp<std::uint64_t>(words / kThreads, 1, blocks_to_fill_);
    cuda::launch({static_cast<unsigned>(blocks), kThreads}, Work{}, push_out_cache,
                 view(largest_).data + from, words, sink_.get());
  }

  unsigned blocks_to_fill_;
  std::uint64_t cache_words_;
  std::vector<Chunk> chunks_;
  Chunk largest_;
  std::uint32_t page_words_;
  std::uint32_t pass_number_ = 0;
  std::uint32_t looked_at_ = 0;  // of the recorded
  cuda::Stopwatch watch_;
  cuda::Resident<SweepReport> report_;
  cuda::Resident<unsigned long long> sink_;
};

}  // namespace

std::unique_ptr<MemorySweep> make_sweep_kernel(Gpu& gpu, const std::vector<DeviceBuffer*>& region,
                                               int page_shift) {
  return std::make_unique<Sweep>(gpu, chunks_of(region, page_shift), page_shift);
}

}  // namespace assay::memory::ASSAY_TARGET
