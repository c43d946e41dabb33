#include "harness/config/nearest.h"

#include <gtest/gtest.h>

namespace assay::config {
namespace {

TEST(Nearest, FindsTypingSlips) {
  const std::vector<std::string> keys{"min", "max", "marginal", "finding"};
  EXPECT_EQ(nearest("mim", keys), "min");
  EXPECT_EQ(nearest("marignal", keys), "marginal");
  EXPECT_EQ(nearest("fining", keys), "finding");
  EXPECT_EQ(nearest("mni", keys), "min");  // swapped neighbours are one slip
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_EQ(nearest("temperature", {"min", "max"}), "");
  EXPECT_EQ(nearest("min", {}), "");
}

TEST(Nearest, SuggestionListsAFewOrNothing) {
  EXPECT_EQ(suggestion("mim", {"max", "min"}), "; did you mean 'min'?");
  EXPECT_EQ(suggestion("temperature", {"min", "max"}), "; there are: min, max");
  EXPECT_EQ(suggestion("temperature", std::vector<std::string>(13, "x")), "");
}

}  // namespace
}  // namespace assay::config
