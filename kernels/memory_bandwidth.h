// Device memory bandwidth: read, write, copy and triad over three buffers far larger than the cache, with the
// results checked.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/node/gpu.h"
#include "kernels/stream_data.h"

namespace assay::memory {

class MemoryBandwidth {
 public:
  virtual ~MemoryBandwidth() = default;

  /// Device seconds of `repetitions` launches queued back to back. Each call works on other data than the one
  /// before, so that a launch that did nothing leaves a wrong result. Throws DeviceError.
  virtual double run(Stream stream, int repetitions) = 0;

  /// Words of all three buffers that do not hold what the launches so far should have left there, and reads
  /// whose sum was wrong.
  virtual std::uint64_t bad_words() = 0;

  /// Sum of checksum_term() over the words of source 0 or 1, which a read of it is held against: worked out
  /// on the device, too, from the data's rule.
  virtual std::uint64_t expected_sum(int source) const = 0;

  /// Bytes that one launch moves, read plus written.
  double bytes(Stream stream) const;
  std::uint64_t bytes_per_buffer() const { return bytes_per_buffer_; }

 protected:
  explicit MemoryBandwidth(std::uint64_t bytes_per_buffer) : bytes_per_buffer_(bytes_per_buffer) {}

 private:
  std::uint64_t bytes_per_buffer_;
};

/// What one launch asks of the device.
Work work_of(Stream stream, double bytes_per_buffer);

/// 4 GiB a buffer, or a quarter of the free memory where that is less, or 32 times the cache where that is
/// more.
std::uint64_t default_stream_bytes(Gpu& gpu);
std::uint64_t default_stream_bytes(double free_bytes, double l2_bytes);

/// Allocates three buffers and fills two of them.
std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu& gpu, std::uint64_t bytes_per_buffer,
                                                       std::uint64_t seed);

}  // namespace assay::memory
