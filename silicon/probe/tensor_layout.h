// Where an operand's bytes lie in shared memory for wgmma, and the descriptor that says so (PTX ISA 9.0,
// "Strides", "Swizzling modes", "Matrix descriptor format").
#pragma once

#include <algorithm>
#include <cstdint>

namespace assay::silicon {

/// Of one operand: R rows (of A: M; of B: N) by K.
struct Layout {
  const char* name;
  bool k_major;
  int swizzle_bytes;  // 0: none
};

inline constexpr Layout kPlain{"K-major", true, 0};
inline constexpr Layout kSwizzle32{"K-major, 32-byte swizzle", true, 32};
inline constexpr Layout kSwizzle64{"K-major, 64-byte swizzle", true, 64};
inline constexpr Layout kSwizzle128{"K-major, 128-byte swizzle", true, 128};
inline constexpr Layout kTransposed{"MN-major", false, 0};
inline constexpr Layout kTransposed128{"MN-major, 128-byte swizzle", false, 128};

/// What goes into a descriptor beside the address. Bytes.
struct Strides {
  std::uint32_t leading, stride;
  std::uint32_t swizzle_mode;
};

inline Strides strides(const Layout& layout, int rows) {
  const auto r = static_cast<std::uint32_t>(rows), w = static_cast<std::uint32_t>(layout.swizzle_bytes);
  if (w == 0) return {16 * r, 128, 0};
  return {16, layout.k_major ? 8 * w : 1024, w == 128 ? 1u : w == 64 ? 2u : 3u};
}

/// Of the 32 bytes of K of the instruction number `step`, from the operand's beginning.
inline std::uint32_t step_offset(const Layout& layout, int rows, std::uint32_t step) {
  const auto r = static_cast<std::uint32_t>(rows), w = static_cast<std::uint32_t>(layout.swizzle_bytes);
  if (!layout.k_major) return step * (w == 0 ? 32 * r : 2048);  // two groups of eight 16-bit elements
  if (w == 0) return step * 32 * r;
  return step * 32 / w * r * w + step * 32 % w;
}

/// Of an operand of so many steps: whole patterns of the swizzle, so that another may begin behind it.
inline std::uint32_t image_bytes(const Layout& layout, int rows, int steps) {
  const int bytes_of_row = std::max(32 * steps, layout.k_major ? layout.swizzle_bytes : 0);
  return (static_cast<std::uint32_t>(rows * bytes_of_row) + 1023) / 1024 * 1024;
}

/// `k_byte` counts bytes of K; where K is not major the elements have 16 bits.
inline std::uint32_t place(const Layout& layout, int rows, std::uint32_t row, std::uint32_t k_byte) {
  const auto r = static_cast<std::uint32_t>(rows), w = static_cast<std::uint32_t>(layout.swizzle_bytes);
  if (!layout.k_major) {
    const std::uint32_t k = k_byte / 2, byte = k_byte % 2;
    if (w == 0) return k / 8 * 16 * r + row / 8 * 128 + k % 8 * 16 + row % 8 * 2 + byte;
    const std::uint32_t plain = k / 8 * 1024 + k % 8 * 128 + row * 2 + byte;
    return plain ^ (plain >> 7 & 7) << 4;
  }
  if (w == 0) return k_byte / 16 * 16 * r + 16 * row + k_byte % 16;
  const std::uint32_t plain = row / 8 * 8 * w + row % 8 * w + k_byte % w + k_byte / w * r * w;
  return plain ^ (plain >> 7 & (w / 16 - 1)) << 4;
}

}  // namespace assay::silicon
