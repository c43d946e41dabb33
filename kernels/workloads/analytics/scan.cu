// A scan of a column with a filter: count and sum of what it selects, then the same rows by themselves, in
// their order, where the counts of the blocks before say. Two passes over the column, so that no block waits
// for another.
#include <string>

#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/analytics/columns.h"
#include "kernels/workloads/analytics/sizes.h"
#include "kernels/workloads/tally.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

using cuda::pointer;

constexpr unsigned kThreads = kQueryThreads;
constexpr unsigned kInFlight = 4;  // words that a thread loads before it uses one
constexpr unsigned kTileWords = kThreads * kInFlight, kTileRows = 4 * kTileWords;
constexpr unsigned kWarps = kThreads / memory::kLanes;

struct Column {
  const Word128* words;
  std::uint64_t tiles;
  Shuffle shuffle;
  std::uint32_t below;  // what the filter selects

  ASSAY_HD std::uint64_t first_tile(std::uint64_t block, std::uint64_t blocks) const {
    return tiles * block / blocks;
  }
  __device__ bool selects(std::uint32_t value) const { return value < below; }
  __device__ void load_tile(std::uint64_t tile, Word128 (&out)[kInFlight]) const {
#pragma unroll
    for (unsigned u = 0; u < kInFlight; ++u)
      out[u] = cuda::load_streaming(words + tile * kTileWords + u * kThreads + threadIdx.x);
  }
};

__global__ void __launch_bounds__(kThreads) fill_column(Word128* out, std::uint64_t words, Shuffle shuffle) {
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    std::uint32_t four[4];
    for (unsigned r = 0; r < 4; ++r)
      four[r] = spread(shuffle.of(static_cast<std::uint32_t>(4 * i + r)), shuffle.bits);
    cuda::store_streaming(out + i, word_of(four));
  });
}

__global__ void __launch_bounds__(kThreads) clear(Word128* out, std::uint64_t words) {
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    cuda::store_streaming(out + i, Word128{~0ull, ~0ull});
  });
}

enum SumOfScan { kCount, kSelectedSum, kSumOfAll };

__global__ void __launch_bounds__(kThreads) count(Column column, std::uint32_t* of_blocks, Tally* tally) {
  ASSAY_SHARED(Sum, of_block);
  if (threadIdx.x == 0) of_block = 0;
  __syncthreads();
  Sum selected = 0, sum = 0, all = 0;
  const std::uint64_t end = column.first_tile(blockIdx.x + 1, gridDim.x);
  for (std::uint64_t tile = column.first_tile(blockIdx.x, gridDim.x); tile < end; ++tile) {
    Word128 words[kInFlight];
    column.load_tile(tile, words);
#pragma unroll
    for (unsigned i = 0; i < 4 * kInFlight; ++i) {
      const std::uint32_t value = cuda::integer(number_in(words[i / 4], i % 4));
      all += value;
      selected += column.selects(value) ? 1 : 0;
      sum += column.selects(value) ? value : 0;
    }
  }
  add_of_warp(selected, &of_block);
  add_of_warp(sum, &tally->sums[kSelectedSum]);
  add_of_warp(all, &tally->sums[kSumOfAll]);
  __syncthreads();
  if (threadIdx.x != 0) return;
  of_blocks[blockIdx.x] = static_cast<std::uint32_t>(of_block);
  atomicAdd(&tally->sums[kCount], of_block);
}

/// How many the threads before this one select of each of the tile's four pieces, sixteen bits each.
__device__ inline std::uint64_t selected_in(const Column& column, const Word128 (&words)[kInFlight]) {
  std::uint64_t packed = 0;
#pragma unroll
  for (unsigned i = 0; i < 4 * kInFlight; ++i) {
    const bool selected = column.selects(cuda::integer(number_in(words[i / 4], i % 4)));
    packed += std::uint64_t{selected} << (i / 4 * 16);
  }
  return packed;
}

__device__ inline std::uint32_t selected_by_blocks_before(const std::uint32_t* of_blocks, Sum* of_warps) {
  Sum mine = 0, total = 0;
  for (unsigned block = threadIdx.x; block < blockIdx.x; block += kThreads) mine += of_blocks[block];
  sum_before_in_block<kThreads>(mine, of_warps, total);
  return static_cast<std::uint32_t>(total);
}

__global__ void __launch_bounds__(kThreads)
    compact(Column column, const std::uint32_t* of_blocks, std::uint32_t* out, std::uint32_t most) {
  using Staged = std::uint32_t[kTileRows];
  using OfWarps = Sum[kWarps];
  ASSAY_SHARED(Staged, staged);
  ASSAY_SHARED(OfWarps, of_warps);
  std::uint32_t place = selected_by_blocks_before(of_blocks, of_warps);
  const std::uint64_t end = column.first_tile(blockIdx.x + 1, gridDim.x);
  for (std::uint64_t tile = column.first_tile(blockIdx.x, gridDim.x); tile < end; ++tile) {
    Word128 words[kInFlight];
    column.load_tile(tile, words);
    Sum of_pieces = 0;
    const Sum before = sum_before_in_block<kThreads>(Sum{selected_in(column, words)}, of_warps, of_pieces);
    std::uint32_t in_tile = 0;
#pragma unroll
    for (unsigned u = 0; u < kInFlight; ++u) {
      std::uint32_t to = in_tile + static_cast<std::uint32_t>(before >> (16 * u) & 0xffff);
#pragma unroll
      for (unsigned i = 0; i < 4; ++i) {
        const std::uint32_t value = cuda::integer(number_in(words[u], i));
        if (column.selects(value) && to < kTileRows) staged[to++] = value;
      }
      in_tile += static_cast<std::uint32_t>(of_pieces >> (16 * u) & 0xffff);
    }
    __syncthreads();
    for (std::uint32_t i = threadIdx.x; i < in_tile && i < kTileRows; i += kThreads) {
      if (place + i < most) out[place + i] = staged[i];
    }
    place += in_tile;
    __syncthreads();
  }
}

/// Rows that are selected, each further down than the one before, and as many as there are: all of them.
__global__ void __launch_bounds__(kThreads)
    look(const Word128* out, std::uint64_t words, Shuffle shuffle, std::uint32_t selected, Tally* tally,
         memory::BadWordList* bad) {
  Sum hash = 0;
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    const Word128 word = cuda::load_streaming(out + i);
    hash += compute::hash_term(i, word);
    std::int64_t before = -1;
    if (i > 0)
      before = shuffle.back(gathered(reinterpret_cast<const std::uint32_t*>(out)[4 * i - 1], shuffle.bits));
    for (unsigned r = 0; r < 4; ++r) {
      const std::uint32_t value = number_in(word, r), number = gathered(value, shuffle.bits);
      const std::int64_t row = shuffle.back(number);
      if (number >= selected || spread(number, shuffle.bits) != value || row <= before)
        memory::compare(4 * i + r, Word128{static_cast<std::uint64_t>(before + 1), ~0ull},
                        Word128{static_cast<std::uint64_t>(row), value}, bad);
      before = row;
    }
  });
  add_of_warp(hash, &tally->hash);
}

WrongValue described(const memory::BadWord& bad) {
  return {"selected row " + std::to_string(bad.index),
          "one from row " + std::to_string(bad.expected.low) + " on that the filter selects",
          "value " + std::to_string(bad.actual.high) + ", that of row " + std::to_string(bad.actual.low)};
}

class Scan final : public Workload {
 public:
  Scan(Gpu& gpu, std::uint64_t seed)
      : size_(gpu.emulated() ? kScanUnderEmulation : kScanOnCard),
        shuffle_{size_.bits, static_cast<std::uint32_t>(seed)},
        data_(gpu.allocate(size_.rows() * sizeof(std::uint32_t))),
        out_(gpu.allocate(size_.selected() * sizeof(std::uint32_t))),
        of_blocks_(gpu.allocate(size_.blocks * sizeof(std::uint32_t))),
        grid_{size_.blocks, kThreads},
        column_{pointer<const Word128>(data_), size_.rows() / kTileRows, shuffle_,
                spread(static_cast<std::uint32_t>(size_.selected()), size_.bits)} {
    cuda::launch(grid_, Work(WorkKind::write, 4.0 * static_cast<double>(kScanOnCard.rows())), fill_column,
                 pointer<Word128>(data_), size_.rows() / 4, shuffle_);
  }

  Repetitions repeat(int times) override {
    tallies_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { once(tallies_.get()->of + i); });
    const double seconds = watch_.stop();
    const std::uint64_t below = size_.selected(), all = size_.rows();
    return read_tallies(tallies_.download(), seconds, times, done,
                        {{"rows that the filter selects", below},
                         {"their sum", sum_of_spread(below, size_.bits)},
                         {"sum of all rows", sum_of_spread(all, size_.bits)}},
                        described);
  }

  double items() const override { return static_cast<double>(kScanOnCard.rows()); }

 private:
  void once(Tally* tally) {
    const std::uint64_t words = size_.selected() / 4;
    auto* const of_blocks = pointer<std::uint32_t>(of_blocks_);
    cuda::launch(grid_, work_.count, count, column_, of_blocks, tally);
    // A row that is left out is not to be the last repetition's.
    cuda::launch(grid_, work_.clear, clear, pointer<Word128>(out_), words);
    cuda::launch(grid_, work_.compact, compact, column_, of_blocks, pointer<std::uint32_t>(out_),
                 static_cast<std::uint32_t>(size_.selected()));
    cuda::launch(grid_, work_.look, look, pointer<const Word128>(out_), words, shuffle_,
                 static_cast<std::uint32_t>(size_.selected()), tally, &tallies_.get()->bad);
  }

  ScanSize size_;
  ScanWork work_ = work_of_scan();
  Shuffle shuffle_;
  std::unique_ptr<DeviceBuffer> data_, out_, of_blocks_;
  cuda::Shape grid_;
  Column column_;
  cuda::Stopwatch watch_;
  cuda::Resident<Tallies> tallies_;
};

}  // namespace

std::unique_ptr<Workload> make_scan(Gpu& gpu, std::uint64_t seed) {
  return std::make_unique<Scan>(gpu, seed);
}

}  // namespace assay::workloads::ASSAY_TARGET
