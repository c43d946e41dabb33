#include "suites/known_products.h"

#include <fmt/format.h>

#include <cmath>

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

struct TensorPeaks {
  const char* name;
  double tf32, bits_16, bits_8, fp64;  // dense, TFLOP/s or TOP/s
};

// NVIDIA's datasheets of A100, H100 and H200; of H800 and H20, which export rules hold down, the figures that
// their sellers publish. In the order of what comes closest to an H200.
constexpr TensorPeaks kTensorPeaks[] = {
    {"H200", 494.7, 989.4, 1978.9, 66.9},
    {"H800", 494.7, 989.4, 1978.9, 1},
    {"H100 PCIe", 378, 756, 1513, 51},
    {"A100", 156, 312, 624, 19.5},
    {"H20", 74, 148, 296, 1},
};

double peak_of(const TensorPeaks& product, Datapath type) {
  switch (type) {
    case Datapath::tensor_tf32:
      return product.tf32;
    case Datapath::tensor_bf16:
    case Datapath::tensor_fp16:
      return product.bits_16;
    case Datapath::tensor_e4m3:
    case Datapath::tensor_e5m2:
    case Datapath::tensor_int8:
      return product.bits_8;
    case Datapath::tensor_fp64:
      return product.fp64;
    default:
      return 0;
  }
}

}  // namespace

double share_of_h200(Datapath type, double tflops) {
  return tflops / peak_of(kTensorPeaks[0], type);
}

std::string multiplies_like(Datapath type, double tflops) {
  constexpr double kLeastShare = 0.5;  // of its peak, of whatever is powered and cooled as it should be
  const double of_h200 = peak_of(kTensorPeaks[0], type);
  if (of_h200 == 0 || tflops >= kLeastShare * of_h200) return "";
  for (const TensorPeaks& product : kTensorPeaks) {
    const double peak = peak_of(product, type);
    if (tflops <= peak && tflops >= kLeastShare * peak)
      return fmt::format("as fast as an {} (at most {:.0f} TFLOP/s)", product.name, peak);
  }
  return "";
}

std::string looks_like(const Silicon& silicon) {
  const std::string what = fmt::format("{} SMs, {:.0f} MiB of L2, {:.1f} GiB of memory",
                                       silicon.multiprocessors, silicon.l2_mib, silicon.memory_gib);
  for (const Product& product : kProducts) {
    if (matches(product, silicon)) return fmt::format("as of an {}: {}", product.name, what);
  }
  return fmt::format("as of no product that is known here: {}", what);
}

}  // namespace assay
