#include "reports/text/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::reports {
namespace {

using ::testing::ElementsAre;

TEST(TextTable, AlignsWideCharactersAndBreaksHeaders) {
  TextTable table{{"部件", "memory.sweep"}, {false, true}, {{{"gpu0", ""}, {"通过", ""}}}};
  EXPECT_THAT(lines_of(table, 80),
              ElementsAre("      memory.", "部件    sweep", "----  -------", "gpu0     通过"));
}

TEST(TextTable, GoesOnBelowWithItsFirstColumnRepeated) {
  TextTable table{{"p", "aaaa", "bbbb"}, {}, {{{"x", ""}, {"1", ""}, {"2", ""}}}};
  EXPECT_THAT(lines_of(table, 8),
              ElementsAre("p  aaaa", "-  ----", "x  1", "", "p  bbbb", "-  ----", "x  2"));
}

TEST(TextTable, MakesItsTextsVisibleAndAlignsWhatIsShown) {
  TextTable table{{"a\x1b", "b"}, {}, {{{"x\u202e\n", ""}, {"y", ""}}, {{"z", ""}, {"y", ""}}}};
  EXPECT_THAT(lines_of(table, 80),
              ElementsAre("a\\x1b          b", "-------------  -", "x\\u{202e}\\x0a  y", "z              y"));
}

TEST(TextTable, StylesDoNotCountAsWidth) {
  TextTable table{{"a", "b"}, {}, {{{"x", "\x1b[1m"}, {"y", ""}}}};
  EXPECT_EQ(lines_of(table, 80).back(), "\x1b[1mx\x1b[0m  y");
}

}  // namespace
}  // namespace assay::reports
