#include "kernels/memory_bandwidth.h"

#include <algorithm>

#include "kernels/target.h"

namespace assay::memory {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu&, std::uint64_t,
                                                                              std::uint64_t))

Work work_of(Stream stream, double bytes_per_buffer) {
  switch (stream) {
    case Stream::read:
      return {WorkKind::read, bytes_per_buffer};
    case Stream::write:
      return {WorkKind::write, bytes_per_buffer};
    case Stream::copy:
      return {WorkKind::copy, 2 * bytes_per_buffer};
    case Stream::triad:
      break;
  }
  return {WorkKind::triad, 3 * bytes_per_buffer};
}

double MemoryBandwidth::bytes(Stream stream) const {
  return work_of(stream, static_cast<double>(bytes_per_buffer_)).amount(Resource::memory);
}

std::uint64_t default_stream_bytes(double free_bytes, double l2_bytes) {
  constexpr double kUsual = 4.0 * (1 << 30);
  constexpr std::uint64_t kStep = 2ULL << 20;
  const double bytes = std::max(std::min(kUsual, free_bytes / 4), 32 * l2_bytes);
  return static_cast<std::uint64_t>(bytes) / kStep * kStep;
}

std::uint64_t default_stream_bytes(Gpu& gpu) {
  return default_stream_bytes(static_cast<double>(gpu.memory().free_bytes),
                              static_cast<double>(gpu.l2_bytes()));
}

std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu& gpu, std::uint64_t bytes_per_buffer,
                                                       std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_memory_bandwidth)(gpu, bytes_per_buffer, seed);
}

}  // namespace assay::memory
