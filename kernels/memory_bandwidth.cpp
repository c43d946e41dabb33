#include "kernels/memory_bandwidth.h"

#include <algorithm>

#include "kernels/target.h"

namespace assay::memory {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu&, std::uint64_t,
                                                                              std::uint64_t))

double MemoryBandwidth::bytes(Stream stream) const {
  const double buffer = static_cast<double>(bytes_per_buffer_);
  switch (stream) {
    case Stream::read:
    case Stream::write:
      return buffer;
    case Stream::copy:
      return 2 * buffer;
    case Stream::triad:
      break;
  }
  return 3 * buffer;
}

std::uint64_t default_stream_bytes(Gpu& gpu) {
  constexpr std::uint64_t kUsual = 4ULL << 30;
  constexpr std::uint64_t kStep = 2ULL << 20;
  const std::uint64_t fitting = std::min(kUsual, gpu.memory().free_bytes / 4);
  return std::max(fitting, 32 * gpu.l2_bytes()) / kStep * kStep;
}

std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu& gpu, std::uint64_t bytes_per_buffer,
                                                       std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_memory_bandwidth)(gpu, bytes_per_buffer, seed);
}

}  // namespace assay::memory
