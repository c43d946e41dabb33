#include "kernels/sweep_region.h"

#include <numeric>

namespace assay::memory {

std::vector<Chunk> chunks_of(const std::vector<DeviceBuffer*>& region, int page_shift) {
  const std::uint64_t two_pages = 2ULL << page_shift;
  std::vector<Chunk> chunks;
  std::uint64_t next_word = 0;
  for (DeviceBuffer* buffer : region) {
    chunks.push_back({buffer, static_cast<std::uint32_t>(chunks.size()), next_word, buffer->words()});
    next_word += (buffer->words() + two_pages - 1) / two_pages * two_pages;
  }
  return chunks;
}

std::uint64_t page_stride(const Pass& pass, std::uint64_t pages) {
  if (!pass.scattered) return 1;
  constexpr double kGoldenSection = 0.6180339887498949;
  auto stride = static_cast<std::uint64_t>(kGoldenSection * static_cast<double>(pages)) | 1;
  while (std::gcd(stride, pages) != 1) stride += 2;
  return stride;
}

void total_up(SweepReport& report) {
  report.bad_words = report.bad_bits = 0;
  for (int bits = 1; bits <= kBitsPerWord; ++bits) {
    report.bad_words += report.flipped_bits[bits];
    report.bad_bits += report.flipped_bits[bits] * static_cast<std::uint64_t>(bits);
  }
}

}  // namespace assay::memory
