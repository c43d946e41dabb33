// The exact products' device half: right to the last element, and what is damaged is named.
#include <gtest/gtest.h>

#include "kernels/exact_gemm/exact_gemm.h"
#include "silicon/device_test/device_memory.h"

namespace assay::compute {
namespace {

constexpr Datapath kTypes[] = {Datapath::tensor_bf16, Datapath::tensor_fp16, Datapath::tensor_tf32,
                               Datapath::tensor_e4m3, Datapath::tensor_e5m2, Datapath::tensor_int8,
                               Datapath::tensor_fp64};

/// Hands out what the test's GPU has, and keeps the third allocation, the result, in reach.
class WithResultInReach : public Gpu {
 public:
  WithResultInReach() : gpu_(memory::test_gpu()) {}
  void make_current() override { gpu_->make_current(); }
  DeviceMemory memory() override { return gpu_->memory(); }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    auto buffer = gpu_->allocate(bytes);
    pointers.push_back(static_cast<unsigned char*>(buffer->device_pointer()));
    return buffer;
  }
  int multiprocessors() const override { return gpu_->multiprocessors(); }
  std::uint64_t l2_bytes() const override { return gpu_->l2_bytes(); }
  bool emulated() const override { return gpu_->emulated(); }

  /// Flips a bit of an element of the result.
  void flip(std::uint64_t element, unsigned bytes, int bit) const {
    unsigned char* const at = pointers[2] + element * bytes + static_cast<std::size_t>(bit) / 8;
    unsigned char value = 0;
    cuda::check(cudaMemcpy(&value, at, 1, cudaMemcpyDeviceToHost), "download");
    value = static_cast<unsigned char>(value ^ 1 << bit % 8);
    cuda::check(cudaMemcpy(at, &value, 1, cudaMemcpyHostToDevice), "upload");
  }
  std::vector<unsigned char*> pointers;

 private:
  std::unique_ptr<Gpu> gpu_;
};

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
    WithResultInReach gpu;
    const auto gemm = make_exact_gemm(gpu, type, 3);
    gemm->multiply(0);
    const unsigned bytes = result_bytes(type);
    for (int bit = 0; bit < static_cast<int>(8 * bytes); ++bit) {
      const std::uint64_t element = static_cast<std::uint64_t>(bit) % 60;  // of the first tile
      gpu.flip(element, bytes, bit);
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
      gpu.flip(element, bytes, bit);
    }
    EXPECT_EQ(gemm->check().wrong_rows, 0u);
  }
}

TEST(ExactGemmDeviceHalf, ElementsThatMakeUpForOneAnotherInARowShowInTheirColumns) {
  WithResultInReach gpu;
  const auto gemm = make_exact_gemm(gpu, Datapath::tensor_int8, 3);
  gemm->multiply(0);
  for (const std::uint64_t element : {3, 9, 40}) gpu.flip(element, 4, 2);
  const GemmFindings found = gemm->check();
  EXPECT_EQ(found.wrong_columns, 3u);
  EXPECT_EQ(found.wrong_elements, 3u);
}

}  // namespace
}  // namespace assay::compute
