// Products of NVIDIA's library: the same every time, right on whole numbers, and what is damaged is named.
#include <gtest/gtest.h>

#include "kernels/library_gemm/library_gemm.h"
#include "silicon/device_test/cublaslt_for_tests.h"
#include "silicon/device_test/device_memory.h"

namespace assay::compute {
namespace {

constexpr Datapath kTypes[] = {Datapath::tensor_bf16, Datapath::tensor_fp16, Datapath::tensor_tf32,
                               Datapath::tensor_e4m3, Datapath::tensor_int8, Datapath::tensor_fp64};
constexpr std::size_t kOperandA = 0, kFirstProduct = 3;  // numbers of allocations

class LibraryGemmDeviceHalf : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    library_ = testing_tools::open_cublaslt(why_not);
    if (library_ == nullptr) GTEST_SKIP() << why_not;
  }
  std::unique_ptr<LibraryGemm> made(Gpu& gpu, Datapath type) {
    auto gemm = make_library_gemm(gpu, *library_, type, 3);
    hash_of_first_ = gemm->use(gemm->propose());
    return gemm;
  }

  std::unique_ptr<CublasLt> library_;
  std::uint64_t hash_of_first_ = 0;
};

TEST_F(LibraryGemmDeviceHalf, WholeNumbersComeOutAsOnTheHost) {
  const auto gpu = memory::test_gpu();
  for (const Datapath type : kTypes)
    EXPECT_EQ(wrong_in_small_product(*gpu, *library_, type), 0u) << name_of(type);
}

TEST_F(LibraryGemmDeviceHalf, AProductIsTheSameEveryTime) {
  for (const Datapath type : kTypes) {
    const auto gpu = memory::test_gpu();
    const auto gemm = made(*gpu, type);
    EXPECT_GT(gemm->multiply(2), 0);
    const Products products = gemm->multiply_and_check(5);
    EXPECT_EQ(products.by_hash.size(), 1u) << name_of(type);
    EXPECT_EQ(products.by_hash.begin()->first, hash_of_first_) << name_of(type);
    EXPECT_EQ(products.by_hash.begin()->second, 5) << name_of(type);
    EXPECT_EQ(products.other_words, 0u) << name_of(type);
    EXPECT_EQ(gemm->multiply_and_check(1).by_hash.begin()->first, products.by_hash.begin()->first);
  }
}

TEST_F(LibraryGemmDeviceHalf, AHashIsOfEveryWordOnce) {
  for (const Datapath type : kTypes) {
    memory::GpuInReach gpu;
    const auto gemm = made(gpu, type);
    const GemmSize size = gpu.emulated() ? kSizeUnderEmulation : size_on_card(type);
    const auto words =
        gpu.download(kFirstProduct, size.m * size.n * gemm_result_bytes(type) / sizeof(Word128));
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < words.size(); ++i) hash += hash_term(i, words[i]);
    EXPECT_EQ(hash, hash_of_first_) << name_of(type);
  }
}

/// Operands are what they are by definition, and nothing else says so: others are noticed here, where the
/// product is small enough to be always the same.
TEST_F(LibraryGemmDeviceHalf, AProductIsTheOneThatWasDefined) {
  constexpr std::uint64_t kHashes[] = {0x469763f60f98e98d, 0xb097fadfe9a4e1d6, 0x476e68afb25d18ff,
                                       0x49554fffcc0ff01a, 0x7ac9d7af2d20cc44, 0xdbb0804833473907};
  const auto gpu = memory::test_gpu();
  if (!gpu->emulated()) GTEST_SKIP() << "a card's products are larger";
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    made(*gpu, kTypes[i]);
    EXPECT_EQ(hash_of_first_, kHashes[i]) << name_of(kTypes[i]) << std::hex << " 0x" << hash_of_first_;
  }
}

TEST_F(LibraryGemmDeviceHalf, OfABadOperandOneRowIsAnother) {
  memory::GpuInReach gpu;
  const auto gemm = made(gpu, Datapath::tensor_bf16);
  const std::uint64_t right = gemm->multiply_and_check(1).by_hash.begin()->first;
  gpu.flip(kOperandA, 5, 2, 9);  // of row 0 of A'
  const Products products = gemm->multiply_and_check(1);
  EXPECT_NE(products.by_hash.begin()->first, right);
  EXPECT_GT(products.other_words, 0u);
  ASSERT_FALSE(products.first_others.empty());
  for (const OtherElement& element : products.first_others) {
    EXPECT_EQ(element.row, 0u);
    EXPECT_NE(element.bits, element.of_first);
  }
  gpu.flip(kOperandA, 5, 2, 9);
  EXPECT_EQ(gemm->multiply_and_check(1).by_hash.begin()->first, right);
}

TEST_F(LibraryGemmDeviceHalf, OtherElementsAreLookedForOnlyWhereTheHashIsAnother) {
  for (const Datapath type : kTypes) {
    memory::GpuInReach gpu;
    const auto gemm = made(gpu, type);
    // What is compared with has changed, not the product: its hash is as before, so nobody looks.
    const unsigned bytes = gemm_result_bytes(type);
    gpu.flip(kFirstProduct, 45, bytes, 2);
    EXPECT_EQ(gemm->multiply_and_check(1).other_words, 0u);
    gpu.flip(kFirstProduct, 45, bytes, 2);
    const unsigned operand = gemm_operand_bytes(type);
    gpu.flip(kOperandA, 0, operand, static_cast<int>(8 * operand) - 1);  // its sign
    const Products products = gemm->multiply_and_check(1);
    ASSERT_FALSE(products.first_others.empty()) << name_of(type);
    EXPECT_EQ(products.first_others[0].row, 0u) << name_of(type);
    gpu.flip(kOperandA, 0, operand, static_cast<int>(8 * operand) - 1);
    // Of the last row: the very last element is another, too.
    const GemmSize size = gpu.emulated() ? kSizeUnderEmulation : size_on_card(type);
    gpu.flip(kOperandA, size.m * size.k - 1, operand, static_cast<int>(8 * operand) - 1);
    const Products of_last = gemm->multiply_and_check(1);
    // One word of each column, but for those whose other operand there is 0, as a whole number can be.
    EXPECT_GE(of_last.other_words, type == Datapath::tensor_int8 ? size.n * 3 / 4 : size.n) << name_of(type);
  }
}

}  // namespace
}  // namespace assay::compute
