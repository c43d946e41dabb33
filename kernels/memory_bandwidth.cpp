#include "kernels/memory_bandwidth.h"

#include <algorithm>

#include "kernels/target.h"

namespace assay::memory {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu&, std::uint64_t,
                                                                              std::uint64_t))

Work work_of(Stream stream, double bytes_per_buffer) {
  switch (stream) {
    case Stream::read:
      return {bytes_per_buffer, 0, WorkKind::read};
    case Stream::write:
      return {0, bytes_per_buffer, WorkKind::write};
    case Stream::copy:
      return {bytes_per_buffer, bytes_per_buffer, WorkKind::copy};
    case Stream::triad:
      break;
  }
  return {2 * bytes_per_buffer, bytes_per_buffer, WorkKind::triad};
}

double MemoryBandwidth::bytes(Stream stream) const {
  const Work work = work_of(stream, static_cast<double>(bytes_per_buffer_));
  return work.bytes_read + work.bytes_written;
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
