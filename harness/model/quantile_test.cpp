#include "harness/model/quantile.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay {
namespace {

TEST(Quantile, InterpolatesBetweenRanks) {
  EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_DOUBLE_EQ(quantile({5}, 0.05), 5);
  EXPECT_DOUBLE_EQ(quantile({0, 10, 20}, 0.95), 19);
  EXPECT_THROW(quantile({}, 0.5), std::invalid_argument);
}

}  // namespace
}  // namespace assay
