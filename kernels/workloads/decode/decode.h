// Decoding: a layer of a 70B-class model (transformer/layer.h) for one token of each of many sequences. All
// of it our own: products that read each weight once (products.h), and attention over splits of the cache
// (attention.h).
//
// What has one right value: what the probe's heads come to (transformer/probe.h), and the keys and values
// that are put into the cache, read back.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/node/gpu.h"
#include "kernels/workloads/transformer/layer.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads::transformer {

/// At most 16 sequences. Heads have 64 or 128 elements; matrices' sizes are multiples of 64; at most 8,192
/// are hidden.
constexpr Layer decode(const LayerShape& shape, std::uint32_t sequences, std::uint32_t longest) {
  return {shape, {true, sequences, longest}};
}
/// 1.71 GB of weights, and of keys and values 0.53.
inline constexpr Layer kDecodeOnCard = decode(kLlama70B, 16, 8192);
/// In whose place the emulation has this one.
inline constexpr Layer kDecodeUnderEmulation = decode({64, 1, 64, 64}, 2, 128);

/// Of a sequence's keys, for one block: the second pass adds up as many as that makes.
constexpr std::uint32_t kMostPagesOfSplit = 8;
constexpr std::uint32_t pages_of_split(const Layer& layer) {
  return layer.batch.longest > 1024 ? kMostPagesOfSplit : 1;
}
/// Of the inputs of a matrix, so that there are blocks enough.
constexpr std::uint32_t splits_of(Matrix matrix, const LayerShape& shape) {
  const std::uint32_t pieces = size_of(matrix, shape).inputs / 64, wanted = matrix == Matrix::gate_up ? 1 : 4;
  return pieces < wanted ? pieces : wanted;
}

/// Throws DeviceError.
std::unique_ptr<Workload> make_decode(Gpu& gpu, const Layer& layer, std::uint64_t seed);
/// Of the size that this GPU is for.
std::unique_ptr<Workload> make_decode(Gpu& gpu, std::uint64_t seed);

// Of the card's size.
Work work_of_decoding_product(Matrix matrix);
Work work_of_adding_up(Matrix matrix);
Work work_of_decoding_attention();
Work work_of_joining_splits();
/// Of a repetition.
double seconds_of_decode(const DeviceSpeed& speed);

}  // namespace assay::workloads::transformer
