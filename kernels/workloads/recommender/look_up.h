// Rows of the tables, looked up and added up. For device code.
#pragma once

#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/recommender/numbers.h"
#include "kernels/workloads/tally.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

constexpr unsigned kFillThreads = 256;

static __global__ void __launch_bounds__(kFillThreads)
    fill_tables(Word128* out, std::uint64_t words, Model model) {
  cuda::for_each_word<kFillThreads>(words, [&](std::uint64_t i) {
    const FourNumbers four = numbers_of(model, static_cast<std::uint32_t>(i / kWordsOfRow),
                                        static_cast<unsigned>(i % kWordsOfRow));
    std::uint32_t bits[4];
    for (unsigned n = 0; n < 4; ++n) bits[n] = cuda::bits_of(static_cast<float>(four.of[n]));
    cuda::store_streaming(out + i, Word128{two_words(bits[0], bits[1]), two_words(bits[2], bits[3])});
  });
}

/// What samples ask for.
static __global__ void __launch_bounds__(kFillThreads) fill_look_ups(std::uint32_t* out, Model model) {
  const std::uint64_t look_ups = std::uint64_t{model.samples} * model.look_ups;
  cuda::for_each_word<kFillThreads>(look_ups, [&](std::uint64_t i) {
    const auto look_up = static_cast<unsigned>(i % model.look_ups);
    unsigned table = 0;
    while (model.first_look_up[table + 1] <= look_up) ++table;
    out[i] = model.row_of(i / model.look_ups, look_up, table);
  });
}

/// Of a damaged look-up, too.
__device__ inline const Word128* row_at(const Model& model, const Word128* tables, std::uint32_t row) {
  return tables + std::uint64_t{row < model.first_row[kTables] ? row : 0} * kWordsOfRow;
}

struct LookUps {
  const Word128* tables;
  const std::uint32_t* rows;  // by sample
  std::uint32_t* scaled;      // four bytes of a vector, kVectors - 1 of them by sample
  Word128* kept;              // sums as they are, of the samples that are worked out again
  unsigned checked;           // the first of these
  Tally* tally;
};

enum SumOfRecommender { kSumOfRows };

/// A lane's four dimensions of a table's sum.
struct SumOfTable {
  float of[4] = {0, 0, 0, 0};

  __device__ void add(const Word128& row) {
#pragma unroll
    for (unsigned n = 0; n < 4; ++n) {
      const std::uint64_t half = n < 2 ? row.low : row.high;
      const float value = cuda::float_of(static_cast<std::uint32_t>(half >> (n % 2 * 32)));
      of[n] = cuda::multiply_add(value, 1.0f, of[n]);
    }
  }
  __device__ Word128 word() const {
    return {two_words(cuda::bits_of(of[0]), cuda::bits_of(of[1])),
            two_words(cuda::bits_of(of[2]), cuda::bits_of(of[3]))};
  }
  /// Far from what it can be, where one is no whole number.
  __device__ std::int64_t sum() const {
    std::int64_t sum = 0;
#pragma unroll
    for (float value : of) {
      const int number = whole(value);
      sum += static_cast<float>(number) == value ? number : std::int64_t{1} << 48;
    }
    return sum;
  }
  __device__ std::uint32_t scaled(unsigned look_ups) const {
    return four_bytes(scaled_sum_of_rows(whole(of[0]), look_ups), scaled_sum_of_rows(whole(of[1]), look_ups),
                      scaled_sum_of_rows(whole(of[2]), look_ups), scaled_sum_of_rows(whole(of[3]), look_ups));
  }
};

constexpr unsigned kLookUpThreads = 128, kSamplesOfBlock = kLookUpThreads / memory::kLanes;

/// A warp a sample, a row of 512 bytes at a time by all of its lanes, eight rows under way.
static __global__ void __launch_bounds__(kLookUpThreads) look_up(const Model model, const LookUps p) {
  constexpr unsigned kInFlight = 8;
  const unsigned lane = threadIdx.x % memory::kLanes;
  const std::uint64_t sample = std::uint64_t{blockIdx.x} * kSamplesOfBlock + threadIdx.x / memory::kLanes;
  if (sample >= model.samples) return;
  const std::uint32_t* const rows = p.rows + sample * model.look_ups;
  const bool is_checked = sample % model.checked_every == p.checked;
  SumOfTable sum;
  unsigned table = 0;
  Sum hash = 0, total = 0;
  for (unsigned first = 0; first < model.look_ups; first += kInFlight) {
    Word128 row[kInFlight];
#pragma unroll
    for (unsigned u = 0; u < kInFlight; ++u) {
      if (first + u < model.look_ups)
        row[u] = cuda::load_streaming(row_at(model, p.tables, rows[first + u]) + lane);
    }
#pragma unroll
    for (unsigned u = 0; u < kInFlight; ++u) {
      if (first + u >= model.look_ups) break;
      sum.add(row[u]);
      if (!model.is_last_of_table(first + u)) continue;
      const std::uint64_t place = (sample * kTables + table) * kWordsOfRow + lane;
      hash += compute::hash_term(place, sum.word());
      total += static_cast<Sum>(sum.sum());
      p.scaled[place] = sum.scaled(model.first_look_up[table + 1] - model.first_look_up[table]);
      if (is_checked)
        p.kept[(sample / model.checked_every * kTables + table) * kWordsOfRow + lane] = sum.word();
      sum = {};
      ++table;
    }
  }
  add_of_warp(hash, &p.tally->hash);
  add_of_warp(total, &p.tally->sums[kSumOfRows]);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
