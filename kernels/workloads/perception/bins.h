// Which pixels of the cameras a cell of the ground sees: some points along each pixel's line of sight, each
// in a cell, with a weight. Many lie near, few far: cells have from none to some hundred points. For the
// kernels and for the host, which sorts them by cell.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/memory_patterns.h"

namespace assay::workloads {

inline constexpr unsigned kCellFeatures = 64;  // of a pixel, eight bits each
inline constexpr unsigned kLanesOfCell = 4;
inline constexpr unsigned kMostWeight = 127;

struct Bins {
  unsigned frames;  // each with data of its own in the same geometry
  unsigned pixels;  // of all cameras of a frame
  unsigned points_of_pixel;
  unsigned side;  // of the ground, in cells

  ASSAY_HD constexpr unsigned cells() const { return side * side; }
  ASSAY_HD constexpr unsigned points() const { return pixels * points_of_pixel; }
  ASSAY_HD constexpr std::uint64_t feature_words() const {
    return std::uint64_t{frames} * pixels * kCellFeatures / sizeof(Word128);
  }
  ASSAY_HD constexpr std::uint64_t pooled_words() const {
    return std::uint64_t{frames} * cells() * kCellFeatures * sizeof(std::int32_t) / sizeof(Word128);
  }
};

struct Point {
  unsigned cell, weight;
};

/// The product of two uniform numbers is small more often than large.
ASSAY_HD constexpr Point point_of(const Bins& bins, unsigned pixel, unsigned point, std::uint64_t seed) {
  const std::uint64_t random = memory::mix64(seed + std::uint64_t{pixel} * bins.points_of_pixel + point);
  const auto sixteen = [&](int from) { return static_cast<unsigned>(random >> from & 0xffff); };
  const unsigned x = (sixteen(0) * sixteen(16) >> 16) * bins.side >> 16;
  const unsigned y = (sixteen(32) * sixteen(48) >> 16) * bins.side >> 16;
  return {y * bins.side + x, static_cast<unsigned>(memory::mix64(random) & kMostWeight)};
}

/// A pixel, up to 2^24 of them, and a weight.
struct SortedPoints {
  std::vector<std::uint32_t> first;  // of each cell, and the end
  std::vector<std::uint32_t> points;
};
inline constexpr unsigned kWeightShift = 24;

SortedPoints sorted_by_cell(const Bins& bins, std::uint64_t seed);

}  // namespace assay::workloads
