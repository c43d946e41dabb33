#include "reports/text/width.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::reports {
namespace {

using ::testing::ElementsAre;

TEST(Width, CountsWideCharactersTwice) {
  EXPECT_EQ(display_width("gpu3"), 4u);
  EXPECT_EQ(display_width("序列号"), 6u);
  EXPECT_EQ(display_width("：a°"), 4u);
  EXPECT_EQ(display_width(""), 0u);
}

TEST(Width, PadsByColumnsNotBytes) {
  EXPECT_EQ(pad_right("通过", 6), "通过  ");
  EXPECT_EQ(pad_left("通过", 6), "  通过");
  EXPECT_EQ(pad_right("longer", 3), "longer");
}

TEST(Width, WrapsAtSpaces) {
  EXPECT_THAT(wrap("power the node off", 9), ElementsAre("power the", "node off"));
  EXPECT_THAT(wrap("", 9), ElementsAre(""));
}

TEST(Width, CutsAWordThatIsTooLong) {
  EXPECT_THAT(wrap("ab abcdefgh", 4), ElementsAre("ab", "abcd", "efgh"));
}

TEST(Width, WrapsBetweenWideCharactersButNotBeforePunctuation) {
  EXPECT_THAT(wrap("关闭节点，重启", 8), ElementsAre("关闭节", "点，重启"));
}

}  // namespace
}  // namespace assay::reports
