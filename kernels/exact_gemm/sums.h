// The check: sums of the result, the same sums from the operands, and single elements. All of it on the
// cores, in integers of 64 bits.
#pragma once

#include "kernels/cuda_support.h"
#include "kernels/exact_gemm/panels.h"

namespace assay::compute {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kSumThreads = 256;
using Sum = unsigned long long;  // of signed numbers, modulo 2^64

struct Operand {
  unsigned char* pieces;
  unsigned panels, chunks;
  std::uint64_t seed;  // of its elements; another one weighs its rows

  ASSAY_HD unsigned char* piece(unsigned panel, unsigned chunk) const {
    return pieces + (std::uint64_t{panel} * chunks + chunk) * kPieceBytes;
  }
  ASSAY_HD std::uint64_t weight_seed() const { return ~seed; }
};

/// A block a piece.
template <Datapath kType>
__global__ void fill_operand(Operand operand, std::int64_t most) {
  using E = Elements<kType>;
  const unsigned panel = blockIdx.x / operand.chunks, chunk = blockIdx.x % operand.chunks;
  unsigned char* const piece = operand.piece(panel, chunk);
  for (unsigned i = threadIdx.x; i < kPanelRows * E::kPerChunk; i += blockDim.x) {
    const std::uint64_t number = std::uint64_t{blockIdx.x} * kPanelRows * E::kPerChunk + i;
    E::put(piece, i % kPanelRows, i / kPanelRows, integer_up_to(most, memory::mix64(operand.seed + number)));
  }
}

/// sums[k] = the sum over all rows of weight x element. A block a chunk and share of the panels.
template <Datapath kType>
__global__ void weigh_rows(Operand operand, Sum* sums) {
  using E = Elements<kType>;
  const unsigned chunk = blockIdx.x % operand.chunks, share = blockIdx.x / operand.chunks,
                 shares = gridDim.x / operand.chunks;
  for (unsigned i = threadIdx.x; i < kPanelRows * E::kPerChunk; i += blockDim.x) {
    const unsigned row = i % kPanelRows, k = i / kPanelRows;
    Sum sum = 0;
    for (unsigned panel = share; panel < operand.panels; panel += shares) {
      const std::int64_t w = weight(operand.weight_seed(), std::uint64_t{panel} * kPanelRows + row);
      sum += static_cast<Sum>(w) * static_cast<Sum>(E::value(operand.piece(panel, chunk), row, k));
    }
    atomicAdd(sums + std::uint64_t{chunk} * E::kPerChunk + k, sum);
  }
}

/// out[row] = the sum over k of element x factors[k]. A block a piece.
template <Datapath kType>
__global__ void project(Operand operand, const Sum* factors, Sum* out) {
  using E = Elements<kType>;
  const unsigned panel = blockIdx.x / operand.chunks, chunk = blockIdx.x % operand.chunks;
  const unsigned row = threadIdx.x % kPanelRows, part = threadIdx.x / kPanelRows;
  Sum sum = 0;
  for (unsigned k = part; k < E::kPerChunk; k += blockDim.x / kPanelRows) {
    sum += static_cast<Sum>(E::value(operand.piece(panel, chunk), row, k)) *
           factors[std::uint64_t{chunk} * E::kPerChunk + k];
  }
  atomicAdd(out + std::uint64_t{panel} * kPanelRows + row, sum);
}

/// The result as lines: of so many rows, or, along them, columns.
struct Lines {
  std::uint64_t count, length;  // how many, and elements of each
  std::uint64_t pitch, step;    // from one to the next, and from element to element
  std::uint64_t weight_seed;    // of the elements' numbers
};

/// sums[line] = the sum of weight x element. A thread a line, of a share of its elements: neighbours read the
/// same lines of the first-level cache one after another.
template <Datapath kType>
__global__ void __launch_bounds__(kSumThreads)
    add_up(const typename Result<kType>::Bits* c, Lines lines, Sum* sums, Sum* digest) {
  const std::uint64_t blocks = (lines.count + kSumThreads - 1) / kSumThreads;
  const std::uint64_t line = blockIdx.x % blocks * kSumThreads + threadIdx.x;
  if (line >= lines.count) return;
  const std::uint64_t share = blockIdx.x / blocks, shares = gridDim.x / blocks;
  Sum sum = 0, of_all = 0;
  for (std::uint64_t i = lines.length * share / shares; i < lines.length * (share + 1) / shares; ++i) {
    const std::uint64_t number = line * lines.pitch + i * lines.step;
    const auto bits = c[number];
    sum += static_cast<Sum>(Result<kType>::integer(bits)) * static_cast<Sum>(weight(lines.weight_seed, i));
    if (digest != nullptr) of_all += memory::mix64(number * 0x9e3779b97f4a7c15ULL ^ bits);
  }
  atomicAdd(sums + line, sum);
  if (digest != nullptr) atomicAdd(digest, of_all);
}

/// One element, product by product.
template <Datapath kType>
ASSAY_HD std::int64_t element(const Operand& a, const Operand& b, std::uint32_t row, std::uint32_t column) {
  using E = Elements<kType>;
  std::int64_t sum = 0;
  for (unsigned chunk = 0; chunk < a.chunks; ++chunk) {
    const unsigned char* const of_a = a.piece(row / kPanelRows, chunk);
    const unsigned char* const of_b = b.piece(column / kPanelRows, chunk);
    for (unsigned k = 0; k < E::kPerChunk; ++k)
      sum += E::value(of_a, row % kPanelRows, k) * E::value(of_b, column % kPanelRows, k);
  }
  return sum;
}

struct WrongList {
  static constexpr unsigned kMost = 256;
  std::uint32_t count;  // of all; kMost of them are there
  struct {
    std::uint32_t row, column;
    std::int64_t expected;
    std::uint64_t bits;
  } of[kMost];
};

/// All elements of the rows in the list, or of the columns: a block kSumThreads of one.
template <Datapath kType>
__global__ void __launch_bounds__(kSumThreads)
    look_at_lines(const typename Result<kType>::Bits* c, Operand a, Operand b, const std::uint32_t* lines,
                  bool are_rows, WrongList* wrong, std::uint32_t* wrong_of_tile, unsigned groups) {
  const std::uint32_t rows = a.panels * kPanelRows, columns = b.panels * kPanelRows;
  const std::uint32_t length = are_rows ? columns : rows;
  const std::uint32_t blocks_of_line = (length + kSumThreads - 1) / kSumThreads;
  const std::uint32_t line = lines[blockIdx.x / blocks_of_line];
  const std::uint32_t along = blockIdx.x % blocks_of_line * kSumThreads + threadIdx.x;
  if (along >= length) return;
  const std::uint32_t row = are_rows ? line : along, column = are_rows ? along : line;
  const auto bits = c[std::uint64_t{row} * columns + column];
  const std::int64_t expected = element<kType>(a, b, row, column);
  if (Result<kType>::integer(bits) == expected) return;
  const std::uint32_t row_tiles = a.panels / groups;
  atomicAdd(wrong_of_tile + (column / kPanelRows * row_tiles + row / kPanelRows / groups), 1u);
  const std::uint32_t slot = atomicAdd(&wrong->count, 1u);
  if (slot < WrongList::kMost) wrong->of[slot] = {row, column, expected, bits};
}

}  // namespace ASSAY_TARGET
}  // namespace assay::compute
