// Elements of NCCL's datatypes, and what its reductions make of two of them.
//
// Rules: src/device/reduce_kernel.h of NCCL 2.28.9. Floats accumulate in their own type, rounded at each
// step; fp8 adds in half precision and converts back with saturation; integers wrap. Min and max leave out a
// NaN.
#pragma once

#include <cstdint>

#include "harness/node/nccl_abi.h"

namespace assay::nccl {

struct Reduction {
  Op op = Op::sum;
  /// Of Op::avg and of operators of a communicator's own: by what each input of a float type is multiplied
  /// first.
  bool scales = false;
  std::uint64_t scalar = 0;  // bits, in the datatype
  /// Of Op::avg over integers: by what the sum is divided.
  int divisor = 1;
};

/// What `reduction` is of so many ranks. `op`: a builtin one.
Reduction reduction_of(Op op, DataType type, int ranks);

double value_of(DataType type, std::uint64_t bits);
/// Rounded to the nearest even; fp8 saturates.
std::uint64_t bits_of(DataType type, double value);
bool is_float(DataType type);
bool is_signed(DataType type);

/// What goes into the first step of this rank's element.
std::uint64_t scaled(const Reduction& reduction, DataType type, std::uint64_t bits);
std::uint64_t combined(const Reduction& reduction, DataType type, std::uint64_t a, std::uint64_t b);
/// Of what the last step gave.
std::uint64_t concluded(const Reduction& reduction, DataType type, std::uint64_t bits);

/// Of an element in memory.
std::uint64_t load_element(DataType type, const void* memory, std::uint64_t index);
void store_element(DataType type, void* memory, std::uint64_t index, std::uint64_t bits);

}  // namespace assay::nccl
