// A matrix multiplication of whole numbers on the tensor cores, large enough to fill the GPU, and a check of
// every element of its result that multiplies nothing of it again: weighted sums of its rows and columns
// against the same sums worked out from the operands by the cores, in integers of 64 bits. A wrong result
// that repeats itself is found as well as one that does not.
//
// C = A B'. Operands lie in panels of 64 rows (of B: columns of C), as wgmma reads them. The tiles' order is
// ours: which multiprocessor (SM) a tile was made on is known.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "harness/model/datapath.h"
#include "harness/node/gpu.h"
#include "kernels/memory_patterns.h"

namespace assay::compute {

inline constexpr unsigned kPanelRows = 64;
/// Bytes of K that a panel's piece has.
inline constexpr unsigned kChunkBytes = 128;

struct GemmShape {
  unsigned row_panels, column_panels, chunks;
  /// Panels of rows that a tile has: warp groups of a block.
  unsigned groups;

  ASSAY_HD constexpr std::uint64_t rows() const { return std::uint64_t{row_panels} * kPanelRows; }
  ASSAY_HD constexpr std::uint64_t columns() const { return std::uint64_t{column_panels} * kPanelRows; }
  ASSAY_HD constexpr unsigned tiles() const { return row_panels / groups * column_panels; }
};

/// Of the operands; f64 elements have eight bytes.
unsigned element_bytes(Datapath type);
unsigned result_bytes(Datapath type);

/// As large as the card needs for every SM to have as much to do as the others.
GemmShape shape_on_card(Datapath type);

struct WrongElement {
  std::uint32_t row, column;
  std::int64_t expected;
  std::uint64_t bits;  // of the result
  unsigned sm = 0;     // that made its tile
};

struct GemmFindings {
  std::uint64_t wrong_rows = 0, wrong_columns = 0;  // whose sums are not what they must be
  /// Of the first rows, or else columns, that are wrong: all wrong elements, and the first of them.
  std::uint64_t wrong_elements = 0;
  std::map<unsigned, std::uint64_t> by_sm;  // of tiles that some SM has stored
  std::vector<WrongElement> first;
  std::uint64_t digest = 0;         // of all of C
  std::uint64_t other_digests = 0;  // products that add up and are not the first one
};

class ExactGemm {
 public:
  virtual ~ExactGemm() = default;
  /// Multiplies and returns device seconds. Tiles go round the SMs by `shift`. Throws DeviceError.
  virtual double multiply(unsigned shift) = 0;
  /// Looks at what the last multiplication left.
  virtual GemmFindings check() = 0;
  /// So many times one after the other, each by another shift; what all of them found. Under the emulation
  /// once, in the time of all.
  virtual GemmFindings multiply_and_check(unsigned shift, int repetitions) = 0;
  /// Elements of one tile that the host finds wrong, product by product: the tile has no symmetry, so that a
  /// layout that is not what we take it for shows, too.
  virtual std::uint64_t wrong_in_tile(unsigned tile) = 0;
  /// Multiplications and additions of one multiply().
  virtual double operations() const = 0;
};

/// What the emulation multiplies in the card's place: some tiles, one chunk of K.
GemmShape shape_under_emulation(const Gpu& gpu);

/// `type` is one of the tensor cores'. In the time of shape_on_card(), whatever the shape is. Throws
/// DeviceError.
std::unique_ptr<ExactGemm> make_exact_gemm(Gpu& gpu, Datapath type, std::uint64_t seed,
                                           const GemmShape& shape);
/// Of the shape that `gpu` has time for.
std::unique_ptr<ExactGemm> make_exact_gemm(Gpu& gpu, Datapath type, std::uint64_t seed);

/// Demands of one multiply() and of one check() of this shape.
Work work_of_multiplication(Datapath type, const GemmShape& shape);
Work work_of_check(Datapath type, const GemmShape& shape);

}  // namespace assay::compute
