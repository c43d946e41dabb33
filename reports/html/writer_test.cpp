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

TEST(HtmlWriter, ReplacesControlCharacters) {
  EXPECT_EQ(escaped("a\x1b"), "a\uFFFD");
}

}  // namespace
}  // namespace assay::reports::html_writer
