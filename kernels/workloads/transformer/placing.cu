#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/looks.h"
#include "kernels/workloads/transformer/steps.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {
namespace {

/// Two words of a head whose elements are pairs: by the angles of this position.
__device__ void rotate(Word128& first, Word128& second, const Rotation* rotations) {
  Eight a = eight_of(first), b = eight_of(second);
#pragma unroll
  for (unsigned i = 0; i < kPerWord; ++i) {
    const Rotation r = rotations[i];
    const float x = a.of[i], y = b.of[i];
    a.of[i] = cuda::multiply_add(x, r.cosine, -(y * r.sine));
    b.of[i] = cuda::multiply_add(y, r.cosine, x * r.sine);
  }
  first = word_of(a);
  second = word_of(b);
}

/// Calls put(token, head, chunk, word, other chunk, other word) for each pair of words of all heads from
/// `first_head` on: those of queries, of keys, of values.
template <typename Put>
__device__ void for_each_placed(const Placing& p, std::uint32_t first_head, const Put& put) {
  const LayerShape& shape = p.layer.shape;
  const std::uint32_t pairs = shape.chunks() / 2, heads = shape.heads() + 2 * shape.kv_heads - first_head;
  for_each_of(std::uint64_t{p.layer.batch.tokens} * heads * pairs, [&](std::uint64_t i) {
    const auto chunk = static_cast<std::uint32_t>(i % pairs),
               head = static_cast<std::uint32_t>(i / pairs % heads) + first_head,
               token = static_cast<std::uint32_t>(i / pairs / heads);
    const std::uint32_t first = head * shape.chunks() + chunk;
    Word128 a = p.qkv.load(token, first), b = p.qkv.load(token, first + pairs);
    if (head < shape.heads() + shape.kv_heads) {
      const std::uint64_t angles = std::uint64_t{p.layer.batch.position(token)} * (shape.head_dim / 2);
      rotate(a, b, p.rotations + angles + chunk * kPerWord);
    }
    put(token, head, chunk, a, chunk + pairs, b);
  });
}

/// Where a head of keys or values of a token lies.
__device__ Word128* in_cache(const Placing& p, std::uint32_t token, std::uint32_t head, std::uint32_t chunk) {
  const LayerShape& shape = p.layer.shape;
  const std::uint32_t number = head - shape.heads();
  const bool of_keys = number < shape.kv_heads;
  const std::uint32_t kv_head = of_keys ? number : number - shape.kv_heads;
  return (of_keys ? p.keys : p.values) +
         p.layer.cache_word(p.layer.batch.sequence(token), kv_head, p.layer.batch.position(token), chunk);
}

__global__ void __launch_bounds__(kThreads) place_all(Placing p) {
  for_each_placed(
      p, 0,
      [&](std::uint32_t token, std::uint32_t head, std::uint32_t chunk, const Word128& word,
          std::uint32_t other_chunk, const Word128& other) {
        if (head >= p.layer.shape.heads()) {
          cuda::store_streaming(in_cache(p, token, head, chunk), word);
          cuda::store_streaming(in_cache(p, token, head, other_chunk), other);
          return;
        }
        const std::uint32_t kv_head = head / kGroup, of_group = head % kGroup;
        cuda::store_streaming(p.queries + p.layer.query_word(token, kv_head, of_group, chunk), word);
        cuda::store_streaming(p.queries + p.layer.query_word(token, kv_head, of_group, other_chunk), other);
      });
}

__global__ void __launch_bounds__(kThreads) wipe_all(Placing p) {
  constexpr Word128 kNothing{~std::uint64_t{0}, ~std::uint64_t{0}};  // no number, as bf16
  for_each_placed(p, p.layer.shape.heads(),
                  [&](std::uint32_t token, std::uint32_t head, std::uint32_t chunk, const Word128&,
                      std::uint32_t other_chunk, const Word128&) {
                    cuda::store_streaming(in_cache(p, token, head, chunk), kNothing);
                    cuda::store_streaming(in_cache(p, token, head, other_chunk), kNothing);
                  });
}

__global__ void __launch_bounds__(kThreads) look_at_all(Placing p, Sum* hash, WrongList* wrong) {
  Sum mine = 0;
  for_each_placed(p, p.layer.shape.heads(),
                  [&](std::uint32_t token, std::uint32_t head, std::uint32_t chunk, const Word128& word,
                      std::uint32_t other_chunk, const Word128& other) {
                    const auto look = [&](std::uint32_t of_chunk, const Word128& expected) {
                      const Word128* const place = in_cache(p, token, head, of_chunk);
                      const Word128 actual = cuda::load_past_l1(place);
                      const bool of_keys = head < p.layer.shape.heads() + p.layer.shape.kv_heads;
                      const auto index = static_cast<std::uint64_t>(place - (of_keys ? p.keys : p.values));
                      mine += compute::hash_term(of_keys ? index : ~index, actual);
                      if (memory::is_zero(memory::operator^(actual, expected))) return;
                      list_others(wrong, of_keys ? WrongList::key : WrongList::value, token,
                                  head - p.layer.shape.heads(), of_chunk, expected, actual);
                    };
                    look(chunk, word);
                    look(other_chunk, other);
                  });
  add_to_hash(mine, hash);
}

}  // namespace

void place(const Placing& placing, const Work& work) {
  const LayerShape& shape = placing.layer.shape;
  const std::uint64_t words = std::uint64_t{placing.layer.batch.tokens} * shape.qkv_columns() / kPerWord;
  cuda::launch(grid_of(words / 2), work, place_all, placing);
}

void wipe_placed(const Placing& placing, const Work& work) {
  const LayerShape& shape = placing.layer.shape;
  const std::uint64_t words = std::uint64_t{placing.layer.batch.tokens} * 2 * shape.kv_heads * shape.chunks();
  cuda::launch(grid_of(words / 2), work, wipe_all, placing);
}

void look_at_placed(const Placing& placing, const Work& work, Sum* hash, WrongList* wrong) {
  const LayerShape& shape = placing.layer.shape;
  const std::uint64_t words = std::uint64_t{placing.layer.batch.tokens} * 2 * shape.kv_heads * shape.chunks();
  cuda::launch(grid_of(words / 2), work, look_at_all, placing, hash, wrong);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
