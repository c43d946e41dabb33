// Prefill: a layer of a 70B-class model (transformer/layer.h) for a piece of a prompt, behind what the cache
// holds of it. NVIDIA's library multiplies, attention is our own (attention.h).
//
// What has one right value: what the probe's heads come to (transformer/probe.h), and the keys and values
// that are placed in the cache, read back.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "harness/node/cublaslt_client.h"
#include "harness/node/gpu.h"
#include "kernels/workloads/transformer/layer.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads::transformer {

/// Tokens are a multiple of 8 and of 16 where there are more than 8, what is in the cache before them of a
/// page. Heads have 64 or 128 elements; at most 8,192 are hidden.
constexpr Layer prefill(const LayerShape& shape, std::uint32_t tokens, std::uint32_t past) {
  return {shape, {false, tokens, past + tokens}};
}
/// The second half of a prompt of 8,192 tokens: 7.0 TFLOP of products, 0.93 of attention.
inline constexpr Layer kPrefillOnCard = prefill(kLlama70B, 4096, 4096);
/// In whose place the emulation has this one.
inline constexpr Layer kPrefillUnderEmulation = prefill({64, 1, 64, 64}, 8, 64);

/// Of the layer's matrices, in the order of Matrix.
using PrefillAlgorithms = std::array<GemmAlgorithm, 4>;

class Prefill : public Workload {
 public:
  /// Gemm::propose().
  virtual PrefillAlgorithms propose() = 0;
  /// How to multiply. Before repeat().
  virtual void use(const PrefillAlgorithms& algorithms) = 0;
};

/// `library` outlives it. Throws DeviceError.
std::unique_ptr<Prefill> make_prefill(Gpu& gpu, const CublasLt& library, const Layer& layer,
                                      std::uint64_t seed);
/// Of the size that this GPU is for.
std::unique_ptr<Prefill> make_prefill(Gpu& gpu, const CublasLt& library, std::uint64_t seed);

/// Of a repetition on the card.
double seconds_of_prefill(const DeviceSpeed& speed);
Work work_of_prefill_attention();

}  // namespace assay::workloads::transformer
