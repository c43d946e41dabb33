#include "harness/base/text.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Visible, SpellsOutControlsAndLineBreaks) {
  EXPECT_EQ(visible("a\x1b[2J\r\n\tb\x7f"), "a\\x1b[2J\\x0d\\x0a\\x09b\\x7f");
  EXPECT_EQ(visible(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(visible("\u009b2J\u0085"), "\\u{9b}2J\\u{85}");
  EXPECT_EQ(visible("\u2028\u2029"), "\\u{2028}\\u{2029}");
}

TEST(Visible, SpellsOutWhatTurnsTheDirectionOfReading) {
  for (const char* turn : {"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
                           "\u2066", "\u2067", "\u2068", "\u2069"}) {
    EXPECT_EQ(visible(turn).rfind("\\u{", 0), 0u) << visible(turn);
  }
  EXPECT_EQ(visible("1753\u202e724"), "1753\\u{202e}724");
}

TEST(Visible, SpellsOutWhatHasNoShape) {
  EXPECT_EQ(visible("a\u200b\u200c\u200d\u2060\ufeff\u00ad"),
            "a\\u{200b}\\u{200c}\\u{200d}\\u{2060}\\u{feff}\\u{ad}");
  EXPECT_EQ(visible("\U000e0000\U000e007f"), "\\u{e0000}\\u{e007f}");
}

TEST(Visible, SpellsOutBytesThatAreNoUtf8) {
  EXPECT_EQ(visible("\xff\x80"), "\\xff\\x80");
  EXPECT_EQ(visible("\xe5\xba"), "\\xe5\\xba") << "cut short";
  EXPECT_EQ(visible("\xe5z"), "\\xe5z");
  EXPECT_EQ(visible("\xc0\x9b\xc1\x81"), "\\xc0\\x9b\\xc1\\x81") << "longer than need be";
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate pair";
  EXPECT_EQ(visible("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

TEST(Visible, LeavesOrdinaryText) {
  for (const char* text :
       {"", "gpu3/hbm", "序列号：1753，模块 2", "4.3 °C ≥ µ", "naïve café", "\U0001f600", "C:\\x1b"})
    EXPECT_EQ(visible(text), text);
}

TEST(Visible, TwiceIsAsGoodAsOnce) {
  const std::string once = visible("\x1b[2J\u202e\xff");
  EXPECT_EQ(visible(once), once);
}

TEST(Utf8, IsToldFromOtherBytes) {
  EXPECT_TRUE(is_utf8("序 a\n"));
  EXPECT_FALSE(is_utf8("caf\xe9"));
}

TEST(VisibleJson, IsTheSameJsonWithoutAnythingHidden) {
  const nlohmann::json content{{"serial", "a\x1b\u202e\x7f\U000e0041\n序"}, {"list", {1, 2}}};
  const std::string text = visible_json(content);
  EXPECT_EQ(nlohmann::json::parse(text), content);
  EXPECT_NE(text.find("a\\u001b\\u202e\\u007f\\udb40\\udc41\\n序"), std::string::npos) << text;
}

TEST(VisibleJson, IsValidThoughAStringIsNoUtf8) {
  EXPECT_EQ(nlohmann::json::parse(visible_json({{"a", "\xff"}})).at("a"), "\ufffd");
}

}  // namespace
}  // namespace assay
