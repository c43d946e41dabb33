// What a repetition leaves behind for the host: whole numbers alone, which any order of adding leaves equal.
#pragma once

#include <cstdint>

namespace assay::workloads::train_step {

using Sum = unsigned long long;

inline constexpr unsigned kMostHashes = 128;
/// A token's loss, and the unit in which losses are added up.
inline constexpr float kMostLoss = 0x1p20F, kUnitsOfLoss = 0x1p32F;

struct StepRecord {
  Sum hash[kMostHashes];  // names_of_hashes()
  Sum loss;               // of all tokens
  std::uint32_t wrong_attention, wrong_gradients, losses_out_of_range, unused;
};

/// Of a product of whole numbers.
struct ProbeRecord {
  std::uint32_t wrong_rows, row;  // how many, and one of them
  Sum sum;                        // of that one
};

}  // namespace assay::workloads::train_step
