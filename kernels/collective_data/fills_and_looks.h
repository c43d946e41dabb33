// What the device does with a rank's buffers: fills them, looks through them, and guards what lies around
// them.
#pragma once

#include <cstdint>

#include "kernels/collective_data/collective_data.h"
#include "kernels/collective_data/values.h"
#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/clocks.h"
#include "kernels/instructions/memory.h"

namespace assay::collective {
inline namespace ASSAY_TARGET {

/// Small blocks: most collectives are of few elements. As many as an SM holds threads (CUDA C++ programming
/// guide, compute capability 9.0).
inline constexpr unsigned kThreads = 64, kMostBlocksPerSm = 32;
/// Before and behind what is received.
inline constexpr std::uint64_t kGuardBytes = 256, kGuardWords = kGuardBytes / sizeof(Word128);
inline constexpr std::uint64_t kAround =
    2 * kGuardBytes + sizeof(Word128);  // the last word can be begun and not filled

/// Elements of a buffer, from one on: the words that hold them need not begin or end with them.
struct Span {
  Word128* words;       // that hold them
  std::uint64_t first;  // of them, in elements from the beginning of the words
  std::uint64_t elements;
};

/// Of 2^64, divided by the golden ratio: spreads numbers of elements over all bits.
inline constexpr std::uint64_t kOddMultiplier = 0x9e3779b97f4a7c15;

struct MismatchList {
  std::uint32_t listed, unused;
  unsigned long long count, outside;
  Mismatch of[Mismatches::kMost];
};

/// By shifts: a word that is indexed like an array is kept in memory instead of registers.
template <unsigned kBits>
__device__ std::uint64_t element(const Word128& word, unsigned number) {
  const unsigned at = number * kBits;
  return (at < 64 ? word.low : word.high) >> at % 64 & ~std::uint64_t{0} >> (64 - kBits);
}
template <unsigned kBits>
__device__ void set_element(Word128& word, unsigned number, std::uint64_t bits) {
  const unsigned at = number * kBits;
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - kBits) << at % 64, value = bits << at % 64 & mask;
  if (at < 64) {
    word.low = (word.low & ~mask) | value;
  } else {
    word.high = (word.high & ~mask) | value;
  }
}

/// Each word of the span, with the numbers of those of its elements that belong to it. body(word, from, to,
/// first): `first` is what its element number `from` is of the span's.
template <unsigned kBits, typename Body>
__device__ void for_each_word_of(const Span& span, const Body& body) {
  constexpr std::uint64_t kPerWord = 128 / kBits;
  const std::uint64_t end = span.first + span.elements, words = (end + kPerWord - 1) / kPerWord;
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t word) {
    const std::uint64_t begins = word * kPerWord;
    if (begins + kPerWord <= span.first) return;
    const std::uint64_t from = begins < span.first ? span.first - begins : 0;
    const std::uint64_t to = end - begins < kPerWord ? end - begins : kPerWord;
    body(span.words + word, static_cast<unsigned>(from), static_cast<unsigned>(to),
         begins + from - span.first);
  });
}

/// What was there before, where what is received is to be another.
enum class Fill { sent, anything_else };

template <unsigned kBits, Fill kFill>
__global__ void __launch_bounds__(kThreads) fill(Span span, Job job) {
  for_each_word_of<kBits>(span, [&](Word128* word, unsigned from, unsigned to, std::uint64_t first) {
    Word128 elements{0, 0};
    if (from > 0 || to < 128 / kBits) elements = cuda::load_streaming(word);
    for (unsigned i = from; i < to; ++i) {
      const std::uint64_t at = first + (i - from);
      set_element<kBits>(elements, i, kFill == Fill::sent ? sent(job, at) : ~received(job, at));
    }
    cuda::store_streaming(word, elements);
  });
}

/// What is there behind a look.
enum class Leave { as_it_is, anything_else };

template <unsigned kBits, Leave kLeave>
__global__ void __launch_bounds__(kThreads) compare(Span span, Job job, MismatchList* list) {
  for_each_word_of<kBits>(span, [&](Word128* word, unsigned from, unsigned to, std::uint64_t first) {
    const Word128 elements = cuda::load_streaming(word);
    Word128 others = elements;
    for (unsigned i = from; i < to; ++i) {
      const std::uint64_t at = first + (i - from), expected = received(job, at),
                          actual = element<kBits>(elements, i);
      set_element<kBits>(others, i, ~expected);
      if (expected == actual) continue;
      atomicAdd(&list->count, 1ull);
      if (cuda::load_relaxed(&list->listed) >= Mismatches::kMost) continue;  // it is not to come round to 0
      const std::uint32_t place = atomicAdd(&list->listed, 1u);
      if (place < Mismatches::kMost) list->of[place] = {at, expected, actual};
    }
    if (kLeave == Leave::anything_else) cuda::store_streaming(word, others);
  });
}

/// Of elements and where they are, whoever adds them up in which order.
template <unsigned kBits>
__global__ void __launch_bounds__(kThreads) add_up(Span span, unsigned long long* sum) {
  unsigned long long mine = 0;
  for_each_word_of<kBits>(span, [&](Word128* word, unsigned from, unsigned to, std::uint64_t first) {
    const Word128 elements = cuda::load_streaming(word);
    for (unsigned i = from; i < to; ++i)
      mine += memory::mix64((first + (i - from)) * kOddMultiplier ^ element<kBits>(elements, i));
  });
  atomicAdd(sum, mine);
}

static __global__ void hold_for(std::uint64_t ns) {
  const std::uint64_t begun = cuda::global_timer();
  while (cuda::global_timer() - begun < ns) continue;
}

__device__ inline Word128 guard_word(std::uint64_t seed, std::uint64_t index) {
  return memory::pattern_word<memory::PatternKind::random>(memory::random_data(seed ^ 0x6ca3d), index);
}

/// Ones in all but the first bytes.
__device__ inline Word128 rest_of_word(unsigned used) {
  const std::uint64_t all = ~std::uint64_t{0};
  return used < 8 ? Word128{all << (8 * used), all} : Word128{0, all << (8 * (used - 8))};
}

/// kGuardWords at either place; of the first behind, `used` bytes are no guard's. `check`: compares them
/// instead of writing them.
static __global__ void __launch_bounds__(kThreads) guard(Word128* before, Word128* behind, unsigned used,
                                                         std::uint64_t seed, bool check, MismatchList* list) {
  using memory::operator^;
  cuda::for_each_word<kThreads>(2 * kGuardWords, [&](std::uint64_t i) {
    Word128* const word = i < kGuardWords ? before + i : behind + (i - kGuardWords);
    const Word128 rest = rest_of_word(i == kGuardWords ? used : 0), is = cuda::load_streaming(word);
    const Word128 differ = is ^ guard_word(seed, i), changed{differ.low & rest.low, differ.high & rest.high};
    if (!check) {
      cuda::store_streaming(word, is ^ changed);
    } else if (!memory::is_zero(changed)) {
      atomicAdd(&list->outside, 1ull);
    }
  });
}

}  // namespace ASSAY_TARGET
}  // namespace assay::collective
