#include "reports/html/writer.h"

#include <gtest/gtest.h>

namespace assay::reports::html_writer {
namespace {

TEST(HtmlWriter, EscapesTextAndAttributes) {
  Writer writer;
  writer.element("p", "<script>'\"&", {{"title", "a\"><b"}});
  EXPECT_EQ(writer.take(),
            "<!DOCTYPE html>\n<p title=\"a&quot;&gt;&lt;b\">&lt;script&gt;&#39;&quot;&amp;</p>");
}

TEST(HtmlWriter, ClosesElementsInTheirOrder) {
  Writer writer;
  {
    const Element outer = writer.open("div");
    const Element inner = writer.open("span");
    writer.text("x");
  }
  EXPECT_EQ(writer.take(), "<!DOCTYPE html>\n<div><span>x</span></div>");
}

TEST(HtmlWriter, LeavesOutEmptyAttributes) {
  Writer writer;
  writer.element("td", "x", {{"class", ""}});
  EXPECT_EQ(writer.take(), "<!DOCTYPE html><td>x</td>");
}

TEST(HtmlWriter, SpellsOutWhatCannotBeSeen) {
  Writer writer;
  writer.element("td", "a\x1b\r\n<\u202e\xff 序", {{"title", "\t\u200b"}});
  EXPECT_EQ(writer.take(),
            "<!DOCTYPE html><td title=\"\\x09\\u{200b}\">a\\x1b\\x0d\\x0a&lt;\\u{202e}\\xff 序</td>");
}

}  // namespace
}  // namespace assay::reports::html_writer
