// What of a multiprocessor (SM) computes or holds: what a check looks at one by one, and a fault sits in.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace assay {

enum class Datapath {
  fp32,
  fp64,
  fp16,
  integer,
  special,  // functions that are approximated: sine, logarithm, reciprocal
  registers,
  shared,      // shared memory
  load_store,  // to and from global memory, through the first-level cache
  bulk_copy,   // between global and shared memory (TMA)
  tensor_bf16,
  tensor_fp16,
  tensor_tf32,
  tensor_e4m3,
  tensor_e5m2,
  tensor_int8,
  tensor_fp64,
};
inline constexpr std::size_t kDatapaths = 16;

/// "tensor_bf16".
std::string_view name_of(Datapath path);
std::optional<Datapath> datapath_named(std::string_view name);

/// An SM issues from so many parts, each with lanes, registers and a tensor core of its own; a warp stays
/// with one of them.
inline constexpr unsigned kSubPartitions = 4;

}  // namespace assay
