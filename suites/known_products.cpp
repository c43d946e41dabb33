#include "suites/known_products.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace assay {
namespace {

struct Product {
  const char* name;
  int multiprocessors;
  double l2_mib, memory_gb;  // as it is sold: 10^9 bytes
};

// Multiprocessors and memory: NVIDIA's datasheets and architecture whitepapers of A100, H100, H200 and GH200;
// of H20 and H800, which have no public whitepaper, listings of nvidia-smi and deviceQuery in public issues.
// L2: the CUDA runtime's answer of an H200 is 60 MiB (reports/evidence/2026-11-26-h200); others as published.
constexpr Product kProducts[] = {
    {"H200", 132, 60, 141},    {"H100 SXM", 132, 50, 80},   {"H100 PCIe", 114, 50, 80},
    {"H100 NVL", 132, 60, 94}, {"GH200", 132, 60, 96},      {"H800", 132, 50, 80},
    {"H20", 78, 60, 96},       {"H20 141 GB", 78, 60, 141}, {"A100 80 GB", 108, 40, 80},
};

constexpr double kMostL2Apart_mib = 1;
/// The driver keeps some of it, and makers round.
constexpr double kMostMemoryApart = 0.08;

bool matches(const Product& product, const Silicon& silicon) {
  constexpr double kBytesPerGib = 1ULL << 30, kBytesPerGb = 1e9;
  const double memory_gb = silicon.memory_gib * kBytesPerGib / kBytesPerGb;
  // What is sold as 141 GB has 150 (NVML: 143771 MiB): within that share.
  return product.multiprocessors == silicon.multiprocessors &&
         std::abs(product.l2_mib - silicon.l2_mib) <= kMostL2Apart_mib &&
         std::abs(memory_gb / product.memory_gb - 1) <= kMostMemoryApart;
}

/// NVIDIA's datasheet of the H200, dense: TFLOP/s or TOP/s.
double peak_of_h200(Datapath type) {
  switch (type) {
    case Datapath::tensor_tf32:
      return 494.7;
    case Datapath::tensor_bf16:
    case Datapath::tensor_fp16:
      return 989.4;
    case Datapath::tensor_e4m3:
    case Datapath::tensor_e5m2:
    case Datapath::tensor_int8:
      return 1978.9;
    case Datapath::tensor_fp64:
      return 66.9;
    default:
      throw std::invalid_argument("no datapath of a tensor core");
  }
}

}  // namespace

double share_of_h200(Datapath type, double tflops) {
  return tflops / peak_of_h200(type);
}

Phrase looks_like(const Silicon& silicon) {
  const Phrase what =
      phrase("{} SMs, {:.0f} MiB of L2, {:.1f} GiB of memory", "{} 个 SM，{:.0f} MiB L2，{:.1f} GiB 显存",
             silicon.multiprocessors, silicon.l2_mib, silicon.memory_gib);
  for (const Product& product : kProducts) {
    if (matches(product, silicon)) return phrase("as of an {}: {}", "与 {} 相同：{}", product.name, what);
  }
  return phrase("as of no product that is known here: {}", "与已知型号均不符：{}", what);
}

}  // namespace assay
