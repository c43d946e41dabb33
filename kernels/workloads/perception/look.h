// What a repetition leaves behind, looked through.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/bad_words.h"
#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/perception/expected.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

using Buffer = std::unique_ptr<DeviceBuffer>;
using Sum = unsigned long long;
using cuda::pointer;

inline constexpr unsigned kMostLookBlocks = 2048;

inline cuda::Shape shape_for(std::uint64_t items) {
  const std::uint64_t blocks = (items + kLookThreads - 1) / kLookThreads;
  return {static_cast<unsigned>(std::min<std::uint64_t>(blocks, kMostLookBlocks)), kLookThreads};
}

template <typename T>
Buffer uploaded(Gpu& gpu, const std::vector<T>& all) {
  Buffer buffer = gpu.allocate(all.size() * sizeof(T));
  cuda::check(
      cudaMemcpy(buffer->device_pointer(), all.data(), all.size() * sizeof(T), cudaMemcpyHostToDevice),
      "upload");
  return buffer;
}

/// What is looked through: each word enters the hash, and that of a sampled position is compared.
struct Look {
  const Word128* words;
  std::uint64_t count, first_number;  // no two words of a repetition have one number
  unsigned line;                      // words of 16 filters
  unsigned rim, positions, sampled_every;
  const Word128* expected;  // null: none is compared
};

static __global__ void __launch_bounds__(kLookThreads)
    look_through(Look look, Sum* hash, memory::BadWordList* wrong) {
  const unsigned samples = (look.positions + look.sampled_every - 1) / look.sampled_every;
  Sum mine = 0;
  cuda::for_each_word<kLookThreads>(look.count, [&](std::uint64_t i) {
    const Word128 word = cuda::load_streaming(look.words + i);
    mine += compute::hash_term(look.first_number + i, word);
    if (look.expected == nullptr) return;
    const auto number = static_cast<std::uint32_t>(i);
    const std::uint32_t sixteen = number / look.line, position = number % look.line - look.rim;
    if (position >= look.positions || position % look.sampled_every != 0) return;
    memory::compare(i, look.expected[std::uint64_t{sixteen} * samples + position / look.sampled_every], word,
                    wrong);
  });
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_down_sync(0xffffffffu, mine, distance);
  if (threadIdx.x % memory::kLanes == 0) atomicAdd(hash, mine);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
