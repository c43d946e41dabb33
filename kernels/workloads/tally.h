// What a repetition came to, added up on the device: a hash of everything, and whole numbers that are known
// beforehand. Sums of whole numbers are the same in any order.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/bad_words.h"
#include "kernels/cuda_support.h"
#include "kernels/memory_patterns.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads {

using Sum = unsigned long long;

inline constexpr int kTalliedSums = 4;

struct Tally {
  Sum hash;
  Sum sums[kTalliedSums];
};

/// In device memory, zeroed.
struct Tallies {
  Tally of[kMostAtOnce];
  memory::BadWordList bad;  // of all repetitions
};

/// What a sum of Tally is to be.
struct Known {
  std::string what;
  Sum right;
};

using Describe = std::function<WrongValue(const memory::BadWord&)>;

inline void add_sums(const Tally& tally, const std::vector<Known>& known, std::uint64_t stands_for,
                     Repetitions& all) {
  constexpr std::size_t kMostSumsShown = 4;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (tally.sums[i] == known[i].right) continue;
    all.wrong_values += stands_for;
    if (all.first_wrong.size() == kMostSumsShown) continue;  // leaves room for others
    all.first_wrong.push_back({known[i].what, std::to_string(known[i].right), std::to_string(tally.sums[i])});
  }
}

inline std::uint64_t hash_of(const Tally& tally, std::size_t sums) {
  std::uint64_t hash = tally.hash;
  for (std::size_t i = 0; i < sums; ++i) hash = memory::mix64(hash ^ tally.sums[i]);
  return hash;
}

/// Of `times` repetitions, `done` of which were run.
inline Repetitions read_tallies(const Tallies& tallies, double seconds, int times, int done,
                                const std::vector<Known>& known, const Describe& describe) {
  constexpr std::size_t kMostShown = 8;
  const auto stands_for = static_cast<std::uint64_t>(times / done);
  Repetitions all;
  all.seconds = seconds;
  for (int i = 0; i < done; ++i) {
    all.by_hash[hash_of(tallies.of[i], known.size())] += stands_for;
    add_sums(tallies.of[i], known, stands_for, all);
  }
  const memory::BadWords bad = tallies.bad.words();
  all.wrong_values += bad.count * stands_for;
  for (const memory::BadWord& one : bad.first) all.first_wrong.push_back(describe(one));
  if (all.first_wrong.size() > kMostShown) all.first_wrong.resize(kMostShown);
  return all;
}

inline namespace ASSAY_TARGET {

/// Of a whole warp, which all of its lanes call.
__device__ inline void add_of_warp(Sum mine, Sum* to) {
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_down_sync(0xffffffffu, mine, distance);
  if (threadIdx.x % memory::kLanes == 0) atomicAdd(to, mine);
}

/// Of what the threads before this one bring; all threads of the block call it. `of_warps` is shared memory,
/// one for each warp, and free again afterwards.
template <unsigned kThreads, typename T>
__device__ T sum_before_in_block(T mine, T* of_warps, T& total) {
  const unsigned lane = threadIdx.x % memory::kLanes, warp = threadIdx.x / memory::kLanes;
  T up_to_here = mine;
#pragma unroll
  for (unsigned distance = 1; distance < memory::kLanes; distance *= 2) {
    const T other = __shfl_up_sync(0xffffffffu, up_to_here, distance);
    if (lane >= distance) up_to_here += other;
  }
  if (lane == memory::kLanes - 1) of_warps[warp] = up_to_here;
  __syncthreads();
  T before = 0;
  total = 0;
#pragma unroll
  for (unsigned w = 0; w < kThreads / memory::kLanes; ++w) {
    if (w < warp) before += of_warps[w];
    total += of_warps[w];
  }
  __syncthreads();
  return before + up_to_here - mine;
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
