#include "suites/known_products.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay {
namespace {

TEST(KnownProducts, AreToldByWhatNoLabelChanges) {
  EXPECT_EQ(looks_like({132, 60, 139.8}).english,
            "as of an H200: 132 SMs, 60 MiB of L2, 139.8 GiB of memory");
  EXPECT_EQ(looks_like({132, 50, 79.1}).english.substr(0, 18), "as of an H100 SXM:");
  EXPECT_EQ(looks_like({78, 60, 95.0}).english.substr(0, 13), "as of an H20:");
  EXPECT_EQ(looks_like({114, 50, 79.1}).english.substr(0, 19), "as of an H100 PCIe:");
  EXPECT_EQ(looks_like({108, 40, 79.1}).english.substr(0, 20), "as of an A100 80 GB:");
}

TEST(KnownProducts, AreNamedInChineseToo) {
  EXPECT_EQ(looks_like({78, 60, 139.8}).chinese, "与 H20 141 GB 相同：78 个 SM，60 MiB L2，139.8 GiB 显存");
}

TEST(KnownProducts, ARateIsAShareOfTheDatasheets) {
  EXPECT_NEAR(share_of_h200(Datapath::tensor_int8, 870), 0.44, 0.005);
  EXPECT_NEAR(share_of_h200(Datapath::tensor_fp64, 66.9), 1, 0.001);
  EXPECT_THROW(share_of_h200(Datapath::fp32, 1), std::invalid_argument);
}

TEST(KnownProducts, NobodysSiliconIsSaidSo) {
  EXPECT_EQ(looks_like({100, 60, 139.8}).english,
            "as of no product that is known here: 100 SMs, 60 MiB of L2, 139.8 GiB of memory");
  EXPECT_EQ(looks_like({132, 60, 120}).english.substr(0, 35), "as of no product that is known here");
}

}  // namespace
}  // namespace assay
