#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/looks.h"
#include "kernels/workloads/transformer/steps.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {
namespace {

/// A word of eight elements of the probe's result each.
__global__ void __launch_bounds__(kThreads)
    look_at_words_of_probe(Layer layer, Rows probe, const Between* expected, WrongList* wrong) {
  const std::uint32_t dim = layer.shape.head_dim, chunks = layer.shape.chunks();
  for_each_of(std::uint64_t{layer.batch.tokens} * kGroup * chunks, [&](std::uint64_t i) {
    const auto chunk = static_cast<std::uint32_t>(i % chunks),
               head = static_cast<std::uint32_t>(i / chunks % kGroup),
               token = static_cast<std::uint32_t>(i / chunks / kGroup);
    const bool is_constant = chunk >= chunks / 2;
    if (!is_constant && head >= kEqualHeads) return;  // known to nobody
    const Word128 word = probe.load(token, head * chunks + chunk);
    for (std::uint32_t n = 0; n < kPerWord; ++n) {
      const std::uint32_t element = chunk * kPerWord + n, bits = element_of(word, n);
      const Between between = expected[std::uint64_t{token} * dim + element];
      const float found = float_of_bf16(bits);
      if (found >= float_of_bf16(between.least) && found <= float_of_bf16(between.greatest)) continue;
      list_wrong(wrong, {is_constant ? WrongList::constant : WrongList::mean, token, head, element,
                         between.least, bits});
    }
  });
}

__global__ void __launch_bounds__(kThreads) hash_words(Hashed all, Sum* sum) {
  Sum mine = 0;
#pragma unroll 1
  for (unsigned buffer = 0; buffer < Hashed::kMost; ++buffer) {
    const Word128* const words = all.of[buffer].words;
    for_each_of(all.of[buffer].count, [&](std::uint64_t i) {
      mine += compute::hash_term(i + (std::uint64_t{buffer} << 48), cuda::load_streaming(words + i));
    });
  }
  add_to_hash(mine, sum);
}

}  // namespace

void look_at_probe(const Layer& layer, const Work& work, const Rows& probe, const Between* expected,
                   WrongList* wrong) {
  const std::uint64_t words = std::uint64_t{layer.batch.tokens} * kGroup * layer.shape.chunks();
  cuda::launch(grid_of(words), work, look_at_words_of_probe, layer, probe, expected, wrong);
}

void hash(const Hashed& all, const Work& work, Sum* sum) {
  std::uint64_t most = 0;
  for (const auto& one : all.of) most = std::max(most, one.count);
  cuda::launch(grid_of(most), work, hash_words, all, sum);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
