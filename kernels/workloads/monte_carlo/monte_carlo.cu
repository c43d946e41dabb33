#include <algorithm>
#include <string>

#include "kernels/bad_words.h"
#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/monte_carlo/monte_carlo.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

using Sum = unsigned long long;

/// Sums of a block lie by column: payoffs of all blocks, counts, growths.
constexpr unsigned kColumns = 3;
/// Lanes that add up a column of a block's threads.
constexpr unsigned kParts = 8;
constexpr unsigned kSumThreads = 256, kSumBlocks = 256;

struct DeviceArithmetic {
  __device__ static double multiply_add(double a, double b, double c) { return cuda::multiply_add(a, b, c); }
  __device__ static std::uint64_t bits_of(double value) { return cuda::bits_of(value); }
  __device__ static double double_of(std::uint64_t bits) { return cuda::double_of(bits); }
  __device__ static std::uint32_t integer(std::uint32_t result) { return cuda::integer(result); }
};

struct SumsOfThreads {
  Sum of[kColumns][kPathThreads];
};

__global__ void __launch_bounds__(kPathThreads) follow_paths(PathGrid grid, std::uint64_t key, Sum* sums) {
  ASSAY_SHARED(SumsOfThreads, shared);
  const PathSums mine = sums_of_pairs<DeviceArithmetic>(blockIdx.x * grid.pairs_of_block() + threadIdx.x,
                                                        grid.pairs_of_thread, kPathThreads, key);
  shared.of[0][threadIdx.x] = mine.payoff;
  shared.of[1][threadIdx.x] = mine.in_the_money;
  shared.of[2][threadIdx.x] = mine.growths;
  __syncthreads();
  if (threadIdx.x >= kColumns * kParts) return;
  const unsigned column = threadIdx.x / kParts, part = threadIdx.x % kParts;
  Sum sum = 0;
  for (unsigned i = part; i < kPathThreads; i += kParts) sum += shared.of[column][i];
  constexpr unsigned kLanes = (1u << (kColumns * kParts)) - 1;
  for (int distance = kParts / 2; distance > 0; distance /= 2) sum += __shfl_xor_sync(kLanes, sum, distance);
  if (part == 0) sums[std::uint64_t{column} * grid.blocks + blockIdx.x] = sum;
}

struct Outcome {
  Sum hash, payoff_high, payoff_low, in_the_money;
};

/// Hash and totals of all blocks' sums. A word holds those of two blocks.
__global__ void __launch_bounds__(kSumThreads)
    add_up_blocks(const Word128* sums, unsigned blocks, Outcome* outcome) {
  constexpr Sum kLow = 0xffffffff;
  Sum totals[4] = {};
  cuda::for_each_word<kSumThreads>(std::uint64_t{blocks} / 2 * kColumns, [&](std::uint64_t i) {
    const Word128 word = cuda::load_streaming(sums + i);
    totals[0] += compute::hash_term(i, word);
    if (i < blocks / 2) {
      totals[1] += (word.low >> 32) + (word.high >> 32);
      totals[2] += (word.low & kLow) + (word.high & kLow);
    } else if (i < blocks) {
      totals[3] += word.low + word.high;
    }
  });
  Sum* const to[] = {&outcome->hash, &outcome->payoff_high, &outcome->payoff_low, &outcome->in_the_money};
#pragma unroll
  for (int n = 0; n < 4; ++n) {
    for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
      totals[n] += __shfl_down_sync(0xffffffffu, totals[n], distance);
    if (threadIdx.x % memory::kLanes == 0) atomicAdd(to[n], totals[n]);
  }
}

struct Sample {
  PathSums of[kMostSampledBlocks];
};

/// Sampled blocks against what the host found: payoffs and counts as one word, growths as the next.
__global__ void __launch_bounds__(kMostSampledBlocks)
    look_at_sample(const Sum* sums, PathGrid grid, const Sample* expected, memory::BadWordList* bad) {
  const unsigned block = sampled_block(grid, threadIdx.x);
  const PathSums& due = expected->of[threadIdx.x];
  const Sum* const found = sums + block;
  memory::compare(2 * block, Word128{due.payoff, due.in_the_money}, Word128{found[0], found[grid.blocks]},
                  bad);
  memory::compare(2 * block + 1, Word128{due.growths, 0}, Word128{found[std::uint64_t{2} * grid.blocks], 0},
                  bad);
}

class MonteCarlo final : public Workload {
 public:
  MonteCarlo(Gpu& gpu, const PathGrid& grid)
      : grid_(grid), sums_(gpu.allocate(std::uint64_t{kColumns} * grid.blocks * sizeof(Sum))) {
    Sample sample{};
    for (unsigned i = 0; i < sampled_blocks(grid); ++i)
      sample.of[i] = sums_of_block(grid, sampled_block(grid, i), kData);
    cuda::check(cudaMemcpy(sample_.get(), &sample, sizeof(sample), cudaMemcpyHostToDevice), "upload");
  }

  Repetitions repeat(int times) override {
    outcomes_.clear();
    bad_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { launch(outcomes_.get()->of + i); });
    Repetitions all;
    all.seconds = watch_.stop();
    const Outcomes outcomes = outcomes_.download();
    for (int i = 0; i < done; ++i) add(outcomes.of[i], times / done, all);
    add_sampled(bad_.download().words(), all);
    return all;
  }

  double items() const override { return kPathsOnCard.paths(); }

 private:
  static constexpr std::size_t kMostNamed = 16;
  struct Outcomes {
    Outcome of[kMostAtOnce];
  };

  void launch(Outcome* outcome) {
    Sum* const sums = cuda::pointer<Sum>(sums_);
    // A block that is left out is not to leave the last repetition's sums.
    cuda::check(cudaMemsetAsync(sums, 0xff, sums_->bytes(), cudaStreamPerThread), "clear");
    cuda::launch({grid_.blocks, kPathThreads}, work_of_paths(), follow_paths, grid_, kData, sums);
    const unsigned blocks =
        std::min(kSumBlocks, (grid_.blocks / 2 * kColumns + kSumThreads - 1) / kSumThreads);
    cuda::launch({blocks, kSumThreads}, work_of_path_sums(), add_up_blocks,
                 cuda::pointer<const Word128>(sums_), grid_.blocks, outcome);
    cuda::launch({1, sampled_blocks(grid_)}, Work{}, look_at_sample, sums, grid_, sample_.get(), bad_.get());
  }

  void add(const Outcome& outcome, int stands_for, Repetitions& all) const {
    all.by_hash[outcome.hash] += static_cast<std::uint64_t>(stands_for);
    for (WrongValue& wrong : off_the_closed_form(
             {outcome.payoff_high, outcome.payoff_low, outcome.in_the_money}, grid_.paths())) {
      ++all.wrong_values;
      if (all.first_wrong.size() < kMostNamed) all.first_wrong.push_back(std::move(wrong));
    }
  }

  static void add_sampled(const memory::BadWords& bad, Repetitions& all) {
    all.wrong_values += bad.count;
    for (const memory::BadWord& one : bad.first) {
      const bool of_growths = one.index % 2 != 0;
      const auto text = [&](const Word128& word) {
        return std::to_string(word.low) + (of_growths ? "" : ", " + std::to_string(word.high));
      };
      all.first_wrong.push_back({(of_growths ? "growths of block " : "payoffs and their number of block ") +
                                     std::to_string(one.index / 2),
                                 text(one.expected), text(one.actual)});
    }
  }

  PathGrid grid_;
  std::unique_ptr<DeviceBuffer> sums_;
  cuda::Resident<Sample> sample_;
  cuda::Resident<Outcomes> outcomes_;
  cuda::Resident<memory::BadWordList> bad_;
  cuda::Stopwatch watch_;
};

}  // namespace

std::unique_ptr<Workload> make_monte_carlo(Gpu& gpu, const PathGrid& grid) {
  return std::make_unique<MonteCarlo>(gpu, grid);
}

}  // namespace assay::workloads::ASSAY_TARGET
