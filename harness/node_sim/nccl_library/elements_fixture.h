#pragma once
#include <cstring>

#include "harness/node_sim/nccl_library/arithmetic_fixture.h"
#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {

/// Elements of some type in a rank's memory.
struct Elements {
  Elements(DataType of, std::size_t elements)
      : type(of), count(elements), memory(allocate<char>(elements * 8)) {}
  std::uint64_t operator[](std::size_t index) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, at(index), bytes_of(type));
    return bits;
  }
  void set(std::size_t index, std::uint64_t bits) const { std::memcpy(at(index), &bits, bytes_of(type)); }
  char* at(std::size_t index) const { return memory + index * bytes_of(type); }
  /// Of no result.
  void spoil() const { std::memset(memory, 0x5a, count * 8); }
  bool is_spoilt(std::size_t index) const { return (*this)[index] == (0x5a5a5a5a5a5a5a5a & mask_of(type)); }

  DataType type;
  std::size_t count;
  char* memory;
};

}  // namespace assay::nccl
