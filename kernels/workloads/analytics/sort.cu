// A sort of rows by their keys, digit by digit from the lowest on (LSD radix sort): of each digit a count a
// block, their sums, and a move that keeps the order of rows whose digit is the same.
//
// A row is a key in its lower half, and 32 bits that go with it, from which the key follows. So a result
// whose rows grow from each to the next, by key and then by where they were, and whose keys are theirs, is
// the only right one: none is lost, twice there or changed.
#include <string>

#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/global.h"
#include "kernels/instructions/match.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/analytics/rows.h"
#include "kernels/workloads/analytics/sizes.h"
#include "kernels/workloads/tally.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

using cuda::pointer;

constexpr unsigned kThreads = kQueryThreads, kWarps = kThreads / memory::kLanes;
static_assert(kThreads == kDigits, "a thread a digit");

__global__ void __launch_bounds__(kThreads) fill_rows(Word128* out, Rows rows) {
  cuda::for_each_word<kThreads>(rows.count / 2, [&](std::uint64_t i) {
    const auto place = static_cast<std::uint32_t>(2 * i);
    cuda::store_streaming(out + i, Word128{rows.at(place), rows.at(place + 1)});
  });
}

__device__ inline unsigned digit_of(Row row, unsigned shift) {
  return cuda::integer(static_cast<std::uint32_t>(row) >> shift) & (kDigits - 1);
}

/// A block's share of the rows: whole tiles.
template <unsigned kItems>
struct Share {
  static constexpr unsigned kTile = kThreads * kItems;
  std::uint64_t first, end;
  __device__ explicit Share(std::uint64_t rows)
      : first(rows / kTile * blockIdx.x / gridDim.x * kTile),
        end(rows / kTile * (blockIdx.x + 1) / gridDim.x * kTile) {}
};

/// Rows of each digit in each block: one line of digits a block.
template <unsigned kItems>
__global__ void __launch_bounds__(kThreads)
    count_digits(const Word128* in, std::uint64_t rows, unsigned shift, std::uint32_t* of_blocks) {
  using Counts = std::uint32_t[kDigits];
  ASSAY_SHARED(Counts, counts);
  counts[threadIdx.x] = 0;
  __syncthreads();
  const Share<kItems> share(rows);
  constexpr unsigned kInFlight = kItems / 2 < 4 ? kItems / 2 : 4;
  for (std::uint64_t i = share.first / 2 + threadIdx.x; i < share.end / 2; i += kThreads * kInFlight) {
    Word128 two[kInFlight];
#pragma unroll
    for (unsigned u = 0; u < kInFlight; ++u) two[u] = cuda::load_streaming(in + i + u * kThreads);
#pragma unroll
    for (unsigned u = 0; u < kInFlight; ++u) {
      atomicAdd(&counts[digit_of(two[u].low, shift)], 1u);
      atomicAdd(&counts[digit_of(two[u].high, shift)], 1u);
    }
  }
  __syncthreads();
  of_blocks[blockIdx.x * kDigits + threadIdx.x] = counts[threadIdx.x];
}

/// A thread a digit, a block so many of those that count: each count becomes the sum of those of the blocks
/// before.
constexpr unsigned kBlocksOfChunk = 32;
__global__ void __launch_bounds__(kThreads)
    add_up_digits(std::uint32_t* of_blocks, unsigned blocks, std::uint32_t* of_chunks) {
  std::uint32_t sum = 0;
  const unsigned first = blockIdx.x * kBlocksOfChunk;
#pragma unroll 8
  for (unsigned block = first; block < first + kBlocksOfChunk; ++block) {
    if (block >= blocks) break;
    std::uint32_t& here = of_blocks[block * kDigits + threadIdx.x];
    const std::uint32_t count = here;
    here = sum;
    sum += count;
  }
  of_chunks[blockIdx.x * kDigits + threadIdx.x] = sum;
}

template <unsigned kItems>
struct SharedOfMove {
  Row staged[Share<kItems>::kTile];
  std::uint32_t of_warps[kWarps][kDigits];  // rows of a digit that the warps before have
  std::uint32_t first[kDigits];             // of the tile's rows, by digit
  std::uint32_t to[kDigits];                // where rows of a digit go, less where they begin in the tile
  std::uint32_t of_scan[kWarps];
};

/// Of a warp's row: how many of its digit come before it in the warp's part of the tile.
__device__ inline std::uint32_t rank_of(unsigned digit, std::uint32_t* counts) {
  const std::uint32_t alike = cuda::lanes_that_match(digit);
  const auto before = static_cast<std::uint32_t>(__popc(alike & cuda::lanes_before()));
  const std::uint32_t counted = counts[digit];
  __syncwarp();
  if (before == 0) counts[digit] = counted + static_cast<std::uint32_t>(__popc(alike));
  __syncwarp();
  return counted + before;
}

/// Of the thread's own digit: makes sums of the warps' counts, says where its rows go from `place` on, and
/// returns how many there are.
template <unsigned kItems>
__device__ std::uint32_t lay_out_digit(SharedOfMove<kItems>& shared, std::uint32_t place) {
  std::uint32_t rows = 0, all = 0;
  for (unsigned warp = 0; warp < kWarps; ++warp) {
    const std::uint32_t of_warp = shared.of_warps[warp][threadIdx.x];
    shared.of_warps[warp][threadIdx.x] = rows;
    rows += of_warp;
  }
  const std::uint32_t first = sum_before_in_block<kThreads>(rows, shared.of_scan, all);
  shared.first[threadIdx.x] = first;
  shared.to[threadIdx.x] = place - first;
  return rows;
}

/// Where this block's rows of the thread's digit go.
__device__ inline std::uint32_t first_place(const std::uint32_t* of_blocks, const std::uint32_t* of_chunks,
                                            std::uint32_t* of_scan) {
  const unsigned my_chunk = blockIdx.x / kBlocksOfChunk, chunks = (gridDim.x - 1) / kBlocksOfChunk + 1;
  std::uint32_t rows = 0, before = of_blocks[blockIdx.x * kDigits + threadIdx.x], all = 0;
  for (unsigned chunk = 0; chunk < chunks; ++chunk) {
    const std::uint32_t here = of_chunks[chunk * kDigits + threadIdx.x];
    before += chunk < my_chunk ? here : 0;
    rows += here;
  }
  return sum_before_in_block<kThreads>(rows, of_scan, all) + before;
}

template <unsigned kItems>
__global__ void __launch_bounds__(kThreads)
    move_rows(const Row* in, std::uint64_t rows, unsigned shift, const std::uint32_t* of_blocks,
              const std::uint32_t* of_chunks, Row* out) {
  ASSAY_SHARED(SharedOfMove<kItems>, shared);
  const unsigned warp = threadIdx.x / memory::kLanes, lane = threadIdx.x % memory::kLanes;
  std::uint32_t place = first_place(of_blocks, of_chunks, shared.of_scan);
  const Share<kItems> share(rows);
  for (std::uint64_t tile = share.first; tile < share.end; tile += share.kTile) {
    for (unsigned w = 0; w < kWarps; ++w) shared.of_warps[w][threadIdx.x] = 0;
    Row mine[kItems];
    const auto* const from =
        reinterpret_cast<const unsigned char*>(in + tile + warp * (memory::kLanes * kItems) + lane);
#pragma unroll
    for (unsigned i = 0; i < kItems; ++i)
      mine[i] = cuda::load_global<Row>(from + i * memory::kLanes * sizeof(Row));
    __syncthreads();
    std::uint32_t ranks[kItems / 2] = {};  // two in each: all of them in registers
#pragma unroll
    for (unsigned i = 0; i < kItems; ++i)
      ranks[i / 2] |= rank_of(digit_of(mine[i], shift), shared.of_warps[warp]) << (i % 2 * 16);
    __syncthreads();
    place += lay_out_digit(shared, place);
    __syncthreads();
#pragma unroll
    for (unsigned i = 0; i < kItems; ++i) {
      const unsigned digit = digit_of(mine[i], shift);
      const std::uint32_t to =
          shared.first[digit] + shared.of_warps[warp][digit] + (ranks[i / 2] >> (i % 2 * 16) & 0xffff);
      if (to < share.kTile) shared.staged[to] = mine[i];
    }
    __syncthreads();
#pragma unroll
    for (unsigned i = 0; i < kItems; ++i) {
      const std::uint32_t at = i * kThreads + threadIdx.x;
      const Row row = shared.staged[at];
      const std::uint32_t to = shared.to[digit_of(row, shift)] + at;
      if (to < rows) out[to] = row;
    }
    __syncthreads();
  }
}

__global__ void __launch_bounds__(kThreads)
    look(const Word128* out, Rows rows, Tally* tally, memory::BadWordList* bad) {
  Sum hash = 0;
  cuda::for_each_word<kThreads>(rows.count / 2, [&](std::uint64_t i) {
    const Word128 two = cuda::load_streaming(out + i);
    hash += compute::hash_term(i, two);
    Row before = i > 0 ? reinterpret_cast<const Row*>(out)[2 * i - 1] : 0;
    for (unsigned r = 0; r < 2; ++r) {
      const Row row = r == 0 ? two.low : two.high;
      const bool follows = 2 * i + r == 0 || Rows::order_of(before) < Rows::order_of(row);
      if (!rows.has(row) || !follows) memory::compare(2 * i + r, Word128{before, 0}, Word128{row, 1}, bad);
      before = row;
    }
  });
  add_of_warp(hash, &tally->hash);
}

std::string text_of(Row row) {
  return "key " + std::to_string(static_cast<std::uint32_t>(row)) + " of place " +
         std::to_string(Rows::place_of(row));
}

WrongValue described(const memory::BadWord& bad) {
  return {"row " + std::to_string(bad.index), "a row of the table behind " + text_of(bad.expected.low),
          text_of(bad.actual.low)};
}

template <unsigned kItems>
class Sort final : public Workload {
 public:
  Sort(Gpu& gpu, std::uint64_t seed, const SortSize& size)
      : size_(size),
        rows_{size.rows(), memory::mix64(seed)},
        data_(gpu.allocate(size.rows() * sizeof(Row))),
        between_{gpu.allocate(size.rows() * sizeof(Row)), gpu.allocate(size.rows() * sizeof(Row))},
        of_blocks_(gpu.allocate(std::uint64_t{kDigits} * size.blocks * sizeof(std::uint32_t))),
        of_chunks_(gpu.allocate(std::uint64_t{kDigits} * chunks() * sizeof(std::uint32_t))),
        grid_{size.blocks, kThreads} {
    cuda::launch(grid_, Work(WorkKind::write, 8.0 * static_cast<double>(kSortOnCard.rows())), fill_rows,
                 pointer<Word128>(data_), rows_);
  }

  Repetitions repeat(int times) override {
    tallies_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { once(tallies_.get()->of + i); });
    const double seconds = watch_.stop();
    return read_tallies(tallies_.download(), seconds, times, done, {}, described);
  }

  double items() const override { return static_cast<double>(kSortOnCard.rows()); }

 private:
  unsigned chunks() const { return (size_.blocks - 1) / kBlocksOfChunk + 1; }
  void once(Tally* tally) {
    const std::unique_ptr<DeviceBuffer>* from = &data_;
    for (unsigned pass = 0; pass < kSortPasses; ++pass) {
      const std::unique_ptr<DeviceBuffer>& to = between_[pass % 2];
      sort_by_digit(*from, pass * kDigitBits, to);
      from = &to;
    }
    cuda::launch(grid_, work_.look, look, pointer<const Word128>(*from), rows_, tally, &tallies_.get()->bad);
  }
  void sort_by_digit(const std::unique_ptr<DeviceBuffer>& from, unsigned shift,
                     const std::unique_ptr<DeviceBuffer>& to) {
    auto* const of_blocks = pointer<std::uint32_t>(of_blocks_);
    auto* const of_chunks = pointer<std::uint32_t>(of_chunks_);
    cuda::launch(grid_, work_.count, count_digits<kItems>, pointer<const Word128>(from), size_.rows(), shift,
                 of_blocks);
    cuda::launch({chunks(), kThreads}, work_.add_up, add_up_digits, of_blocks, size_.blocks, of_chunks);
    cuda::launch(grid_, work_.move, move_rows<kItems>, pointer<const Row>(from), size_.rows(), shift,
                 of_blocks, of_chunks, pointer<Row>(to));
  }

  SortSize size_;
  SortWork work_ = work_of_sort();
  Rows rows_;
  std::unique_ptr<DeviceBuffer> data_;
  std::unique_ptr<DeviceBuffer> between_[2];
  std::unique_ptr<DeviceBuffer> of_blocks_, of_chunks_;
  cuda::Shape grid_;
  cuda::Stopwatch watch_;
  cuda::Resident<Tallies> tallies_;
};

}  // namespace

std::unique_ptr<Workload> make_sort(Gpu& gpu, std::uint64_t seed) {
  if (gpu.emulated()) return std::make_unique<Sort<kSortItemsUnderEmulation>>(gpu, seed, kSortUnderEmulation);
  return std::make_unique<Sort<kSortItemsOnCard>>(gpu, seed, kSortOnCard);
}

}  // namespace assay::workloads::ASSAY_TARGET
