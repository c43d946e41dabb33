#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/steps.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {
namespace {

/// Four bf16s.
__device__ std::uint64_t random_bits(std::uint64_t random, std::uint64_t lowest, bool signs) {
  const std::uint64_t magnitudes = (random & 0x01ff01ff01ff01ffULL) + lowest * 0x0001000100010001ULL;
  return signs ? magnitudes | (random & 0x8000800080008000ULL) : magnitudes;
}
__device__ Word128 random_word(std::uint64_t seed, std::uint64_t i, std::uint64_t lowest, bool signs) {
  return {random_bits(memory::mix64(seed + 2 * i), lowest, signs),
          random_bits(memory::mix64(seed + 2 * i + 1), lowest, signs)};
}
constexpr std::uint64_t kLowest = (127 - 3) << 7;  // bits of 1/8

__global__ void __launch_bounds__(kThreads)
    fill_random_words(Word128* out, std::uint64_t words, std::uint64_t lowest, bool signs,
                      std::uint64_t seed) {
  for_each_of(words,
              [&](std::uint64_t i) { cuda::store_streaming(out + i, random_word(seed, i, lowest, signs)); });
}

__global__ void __launch_bounds__(kThreads)
    fill_values_of_probe(Layer layer, Word128* values, std::uint64_t seed) {
  const std::uint32_t chunks = layer.shape.chunks(), keys = layer.batch.pages() * kPageTokens;
  for_each_of(std::uint64_t{layer.batch.sequences()} * chunks * keys, [&](std::uint64_t i) {
    const auto position = static_cast<std::uint32_t>(i % keys),
               chunk = static_cast<std::uint32_t>(i / keys % chunks),
               sequence = static_cast<std::uint32_t>(i / keys / chunks);
    Eight eight;
    for (std::uint32_t n = 0; n < kPerWord; ++n)
      eight.of[n] =
          float_of_bf16(probe_value(seed, layer.shape.head_dim, sequence, position, chunk * kPerWord + n));
    cuda::store_streaming(values + layer.cache_word(sequence, layer.shape.kv_heads, position, chunk),
                          word_of(eight));
  });
}

__global__ void __launch_bounds__(kThreads)
    fill_queries_of_probe(Layer layer, Word128* queries, std::uint64_t seed) {
  const std::uint32_t chunks = layer.shape.chunks();
  for_each_of(std::uint64_t{layer.batch.tokens} * kGroup * chunks, [&](std::uint64_t i) {
    const auto chunk = static_cast<std::uint32_t>(i % chunks),
               head = static_cast<std::uint32_t>(i / chunks % kGroup),
               token = static_cast<std::uint32_t>(i / chunks / kGroup);
    const Word128 word = head < kEqualHeads ? Word128{0, 0} : random_word(seed, i, kLowest, true);
    cuda::store_streaming(queries + layer.query_word(token, layer.shape.kv_heads, head, chunk), word);
  });
}

}  // namespace

void fill_random(Word128* out, std::uint64_t words, unsigned exponent, bool signs, std::uint64_t seed) {
  cuda::launch(grid_of(words), Work(WorkKind::write, static_cast<double>(words) * sizeof(Word128)),
               fill_random_words, out, words, kLowest - (std::uint64_t{exponent} << 7), signs,
               memory::mix64(seed));
}

void fill_probe_values(const Layer& layer, Word128* values, std::uint64_t seed) {
  const std::uint64_t words =
      std::uint64_t{layer.batch.sequences()} * layer.batch.pages() * layer.page_words();
  cuda::launch(grid_of(words), Work(WorkKind::write, static_cast<double>(words) * sizeof(Word128)),
               fill_values_of_probe, layer, values, seed);
}

void fill_probe_queries(const Layer& layer, Word128* queries, std::uint64_t seed) {
  const std::uint64_t words = std::uint64_t{layer.batch.tokens} * kGroup * layer.shape.chunks();
  cuda::launch(grid_of(words), Work(WorkKind::write, static_cast<double>(words) * sizeof(Word128)),
               fill_queries_of_probe, layer, queries, memory::mix64(seed));
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
