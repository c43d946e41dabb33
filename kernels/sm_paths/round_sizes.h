// How much work a round is: long enough that comparing it costs little, short enough to be emulated.
#pragma once

#include <cstdint>

#include "harness/model/datapath.h"
#include "kernels/sm_paths/sm_paths.h"

namespace assay::compute {

inline constexpr unsigned kLanes = 32;

// Arithmetic: independent chains hide the latency of four cycles, two warps a sub-partition the rest.
inline constexpr int kChains = 8, kSteps = 48;
inline constexpr int kIntegerSteps = 48, kIntegersPerStep = 10;
inline constexpr int kSpecialSteps = 24;

/// 256 threads of 255 registers are all of an SM's 65,536 but 256 (CUDA C++ programming guide, compute
/// capability 9.0). What is left of a thread's is for addresses, counters and the hash.
inline constexpr int kRegistersHeld = 208;

/// All that a block can have: 227 KiB of the 228 KiB that the hardware shares out; the first KiB is the
/// driver's.
inline constexpr std::uint32_t kSharedWords = 227 * 1024 / 4;

/// Of global memory, each block's own.
inline constexpr std::uint32_t kScratchBytes = 4096;
/// Of bulk copies: read by all blocks.
inline constexpr std::uint32_t kSourceBytes = 16384, kBulkCopies = 4;

// wgmma m64n64k(32 bytes): two warp groups, each with a tile of its own.
inline constexpr unsigned kWarpGroups = 2, kGroupThreads = 128;
inline constexpr int kTileRows = 64, kTileColumns = 64, kTileSteps = 2, kBytesOfK = 32;
/// Over the same tile: the sum of integers stays exact.
inline constexpr int kTilePasses = 2;

/// Multiplications and additions of one warp group's round, for elements of so many bytes.
constexpr double tensor_operations(int bytes) {
  const int k = kBytesOfK / bytes;
  return 2.0 * kTileRows * kTileColumns * k * kTileSteps * kTilePasses;
}

inline constexpr int kDoubleChains = 4, kDoubleSteps = 16;
inline constexpr int kDoubleMultiplications = kDoubleChains * kDoubleSteps;
inline constexpr double kOperationsOfDoubleTile = 2.0 * 8 * 8 * 4;

/// What a thread issues in a round, of datapaths other than tensor cores: counted in the source, to within a
/// factor of two.
constexpr double instructions_of_round(Datapath path) {
  switch (path) {
    case Datapath::fp32:
      return 2.0 * kChains * kSteps;
    case Datapath::fp64:  // at half the rate
    case Datapath::fp16:
      return 4.0 * kChains * kSteps;
    case Datapath::integer:
      return 2.0 * kIntegersPerStep * kIntegerSteps;
    case Datapath::special:  // 16 lanes of 128 can
      return 8.0 * 8 * kSpecialSteps;
    case Datapath::registers:
      return 4.0 * 6 * kRegistersHeld;
    case Datapath::shared:  // 130 a word, by the assembler's code
      return 130.0 * kSharedWords / kThreads;
    default:
      break;
  }
  return 4000;  // copies: latency
}

}  // namespace assay::compute
