// The exact products' device half: right to the last element, and what is damaged is named.
#include <gtest/gtest.h>

#include "kernels/exact_gemm/exact_gemm.h"
#include "silicon/device_test/device_memory.h"

namespace assay::compute {
namespace {

constexpr Datapath kTypes[] = {Datapath::tensor_bf16, Datapath::tensor_fp16, Datapath::tensor_tf32,
                               Datapath::tensor_e4m3, Datapath::tensor_e5m2, Datapath::tensor_int8,
                               Datapath::tensor_fp64};
constexpr std::size_t kResult = 2;  // the third thing that is allocated

TEST(ExactGemmDeviceHalf, EveryElementIsRightInEveryType) {
  for (const Datapath type : kTypes) {
    const auto gpu = memory::test_gpu();
    const auto gemm = make_exact_gemm(*gpu, type, 3);
    EXPECT_GT(gemm->multiply(0), 0);
    for (const unsigned tile : {0u, 1u}) EXPECT_EQ(gemm->wrong_in_tile(tile), 0u) << name_of(type);
    const GemmFindings found = gemm->check();
    EXPECT_EQ(found.wrong_rows, 0u) << name_of(type);
    EXPECT_EQ(found.wrong_columns, 0u) << name_of(type);
    EXPECT_EQ(found.wrong_elements, 0u) << name_of(type);
    gemm->multiply(1);
    EXPECT_EQ(gemm->check().digest, found.digest) << name_of(type);
    const GemmFindings again = gemm->multiply_and_check(2, 3);
    EXPECT_EQ(again.wrong_rows + again.wrong_columns, 0u) << name_of(type);
    EXPECT_EQ(again.digest, found.digest) << name_of(type);
  }
}

/// Two warp groups a tile, and so much of K that every stage of the pipeline is filled more than twice: what
/// the card runs, and too much for the emulation in the card's size.
TEST(ExactGemmDeviceHalf, StagesAreFilledAgainAndAgain) {
  constexpr GemmShape kShape{4, 2, 9, 2};
  for (const Datapath type : kTypes) {
    memory::GpuInReach gpu;
    const auto gemm = make_exact_gemm(gpu, type, 5, kShape);
    gemm->multiply(3);
    for (unsigned tile = 0; tile < kShape.tiles(); ++tile)
      EXPECT_EQ(gemm->wrong_in_tile(tile), 0u) << name_of(type) << " tile " << tile;
    const GemmFindings right = gemm->check();
    EXPECT_EQ(right.wrong_rows + right.wrong_columns, 0u) << name_of(type);
    // An element of the second group of a tile that is neither the first nor in the first column of tiles.
    const std::uint64_t element = 200 * kShape.columns() + 70;
    gpu.flip(kResult, element, result_bytes(type), 0);
    const GemmFindings found = gemm->check();
    ASSERT_EQ(found.first.size(), 1u) << name_of(type);
    EXPECT_EQ(found.first[0].row, 200u);
    EXPECT_EQ(found.first[0].column, 70u);
    EXPECT_EQ(found.wrong_rows, 1u);
    EXPECT_EQ(found.wrong_columns, 1u);
    EXPECT_EQ(found.wrong_elements, 1u);
  }
}

/// More rows, and more columns, than a block of the check has threads.
TEST(ExactGemmDeviceHalf, LinesOfSeveralBlocksAreAllLookedAt) {
  constexpr GemmShape kShape{5, 5, 1, 1};
  memory::GpuInReach gpu;
  const auto gemm = make_exact_gemm(gpu, Datapath::tensor_int8, 5, kShape);
  gemm->multiply(0);
  const GemmFindings right = gemm->check();
  EXPECT_EQ(right.wrong_rows + right.wrong_columns, 0u);
  gpu.flip(kResult, 300 * kShape.columns() + 310, result_bytes(Datapath::tensor_int8), 0);
  const GemmFindings found = gemm->check();
  ASSERT_EQ(found.first.size(), 1u);
  EXPECT_EQ(found.first[0].row, 300u);
  EXPECT_EQ(found.first[0].column, 310u);
}

/// Operands are what they are by definition, and nothing else says so: others are noticed here.
TEST(ExactGemmDeviceHalf, AProductIsTheOneThatWasDefined) {
  constexpr GemmShape kShape{2, 1, 3, 1};
  constexpr std::uint64_t kDigests[] = {0x5cb14428d88039eb, 0x5cb14428d88039eb, 0xbf6b9be37d54924a,
                                        0x8227de47a97bea45, 0x8227de47a97bea45, 0x5c0ef4a064dd064,
                                        0xfd5ba5601ddbb601};
  const auto gpu = memory::test_gpu();
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    const auto gemm = make_exact_gemm(*gpu, kTypes[i], 3, kShape);
    gemm->multiply(0);
    const std::uint64_t digest = gemm->check().digest;
    EXPECT_EQ(digest, kDigests[i]) << name_of(kTypes[i]) << std::hex << " 0x" << digest;
  }
}

TEST(ExactGemmDeviceHalf, OtherOperandsGiveAnotherProduct) {
  const auto gpu = memory::test_gpu();
  std::uint64_t digests[2] = {};
  for (const std::uint64_t seed : {1, 2}) {
    const auto gemm = make_exact_gemm(*gpu, Datapath::tensor_bf16, seed);
    gemm->multiply(0);
    digests[seed - 1] = gemm->check().digest;
  }
  EXPECT_NE(digests[0], digests[1]);
}

TEST(ExactGemmDeviceHalf, EveryBitOfAnElementCounts) {
  for (const Datapath type : kTypes) {
    memory::GpuInReach gpu;
    const auto gemm = make_exact_gemm(gpu, type, 3);
    gemm->multiply(0);
    const unsigned bytes = result_bytes(type);
    for (int bit = 0; bit < static_cast<int>(8 * bytes); ++bit) {
      const std::uint64_t element = static_cast<std::uint64_t>(bit) % 60;  // of the first tile
      gpu.flip(kResult, element, bytes, bit);
      const GemmFindings found = gemm->check();
      EXPECT_EQ(found.wrong_rows, 1u) << name_of(type) << " bit " << bit;
      EXPECT_EQ(found.wrong_columns, 1u) << name_of(type) << " bit " << bit;
      ASSERT_EQ(found.first.size(), 1u) << name_of(type) << " bit " << bit;
      EXPECT_EQ(found.first[0].row, 0u);
      EXPECT_EQ(found.first[0].column, element);
      EXPECT_EQ(found.by_sm.size(), 1u);
      if (bit == 0) {
        EXPECT_GT(gemm->wrong_in_tile(0), 0u);
      }
      gpu.flip(kResult, element, bytes, bit);
    }
    EXPECT_EQ(gemm->check().wrong_rows, 0u);
  }
}

TEST(ExactGemmDeviceHalf, ElementsThatMakeUpForOneAnotherInARowShowInTheirColumns) {
  memory::GpuInReach gpu;
  const auto gemm = make_exact_gemm(gpu, Datapath::tensor_int8, 3);
  gemm->multiply(0);
  for (const std::uint64_t element : {3, 9, 40}) gpu.flip(kResult, element, 4, 2);
  const GemmFindings found = gemm->check();
  EXPECT_EQ(found.wrong_columns, 3u);
  EXPECT_EQ(found.wrong_elements, 3u);
}

}  // namespace
}  // namespace assay::compute
