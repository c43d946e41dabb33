#include "suites/known_products.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(KnownProducts, AreToldByWhatNoLabelChanges) {
  EXPECT_EQ(looks_like({132, 60, 139.8}), "as of an H200: 132 SMs, 60 MiB of L2, 139.8 GiB of memory");
  EXPECT_EQ(looks_like({132, 50, 79.1}).substr(0, 18), "as of an H100 SXM:");
  EXPECT_EQ(looks_like({78, 60, 95.0}).substr(0, 13), "as of an H20:");
  EXPECT_EQ(looks_like({114, 50, 79.1}).substr(0, 19), "as of an H100 PCIe:");
  EXPECT_EQ(looks_like({108, 40, 79.1}).substr(0, 20), "as of an A100 80 GB:");
}

TEST(KnownProducts, AreToldByHowFastTheyMultiply) {
  EXPECT_EQ(multiplies_like(Datapath::tensor_bf16, 98), "as fast as an H20 (at most 148 TFLOP/s)");
  EXPECT_EQ(multiplies_like(Datapath::tensor_e4m3, 250), "as fast as an H20 (at most 296 TFLOP/s)");
  EXPECT_EQ(multiplies_like(Datapath::tensor_fp64, 0.9), "as fast as an H800 (at most 1 TFLOP/s)");
  EXPECT_EQ(multiplies_like(Datapath::tensor_tf32, 120), "as fast as an A100 (at most 156 TFLOP/s)");
}

TEST(KnownProducts, AreNotToldByRatesOfAnH200OrOfNobody) {
  EXPECT_EQ(multiplies_like(Datapath::tensor_bf16, 560), "") << "slow, and an H200 all the same";
  EXPECT_EQ(multiplies_like(Datapath::tensor_bf16, 20), "");
  EXPECT_NEAR(share_of_h200(Datapath::tensor_int8, 870), 0.44, 0.005);
  EXPECT_EQ(multiplies_like(Datapath::fp32, 1), "");
}

TEST(KnownProducts, NobodysSiliconIsSaidSo) {
  EXPECT_EQ(looks_like({100, 60, 139.8}),
            "as of no product that is known here: 100 SMs, 60 MiB of L2, 139.8 GiB of memory");
  EXPECT_EQ(looks_like({132, 60, 120}).substr(0, 35), "as of no product that is known here");
}

}  // namespace
}  // namespace assay
