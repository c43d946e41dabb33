#include "harness/config/dotted_keys.h"

#include <gtest/gtest.h>

namespace assay::config {
namespace {

TEST(DottedKeys, AreCountedWhereverTheyStand) {
  EXPECT_EQ(longest_dotted_key("summary = 1\n"), 0);
  EXPECT_EQ(longest_dotted_key("a.b.c = 1\n"), 2);
  EXPECT_EQ(longest_dotted_key("[a.b]\n[[c . d . e]]\n"), 2);
  EXPECT_EQ(longest_dotted_key("x = {y = 1, a.b.c.d = 2}\n"), 3);
  EXPECT_EQ(longest_dotted_key("\"=\".\".\".'#'.\"=\" = 1\n"), 3) << "quoted parts hide no dots";
}

TEST(DottedKeys, AreNoSentences) {
  EXPECT_EQ(longest_dotted_key("s = \"a. b. c. d\"  # e. f. g.\n"), 0);
  EXPECT_EQ(longest_dotted_key("s = '''\na. b.\nc. d. '''\n"), 0);
  EXPECT_EQ(longest_dotted_key("v = [1.5, 2.5, 3.5]\n"), 1);
}

TEST(DottedKeys, AreNotHiddenBehindAString) {
  EXPECT_EQ(longest_dotted_key("x = {s = \"\\\"\", a.b.c = 1}\n"), 2);
  EXPECT_EQ(longest_dotted_key("x = {s = '\\', a.b.c = 1}\n"), 2);
  EXPECT_EQ(longest_dotted_key("x = {s = \"\"\"\n\"\"\", a.b.c = 1}\n"), 2);
  EXPECT_EQ(longest_dotted_key("# it's\na.b.c = 1\n"), 2);
}

TEST(DottedKeys, OfTextThatEndsAnywhere) {
  for (const char* text : {"", "\"", "\"\\", "'''", "\"\"\"a\\", "#", "a.\""}) longest_dotted_key(text);
}

}  // namespace
}  // namespace assay::config
