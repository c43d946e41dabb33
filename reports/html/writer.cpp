#include "reports/html/writer.h"

#include <algorithm>

#include "harness/base/text.h"
namespace assay::reports::html_writer {
namespace {

/// Those that begin a line, so that two reports can be compared line by line.
bool begins_line(std::string_view tag) {
  constexpr std::string_view kInline[] = {"span", "strong", "b",       "code", "small", "a",
                                          "td",   "th",     "summary", "wbr",  "dd"};
  return std::find(std::begin(kInline), std::end(kInline), tag) == std::end(kInline);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

Element::~Element() {
  writer_.end(tag_);
}

Writer::Writer() : out_("<!DOCTYPE html>") {}

Element Writer::open(std::string_view tag, Attributes attributes) {
  begin(tag, attributes);
  return {*this, tag};
}

void Writer::element(std::string_view tag, std::string_view content, Attributes attributes) {
  begin(tag, attributes);
  text(content);
  end(tag);
}

void Writer::void_element(std::string_view tag, Attributes attributes) {
  begin(tag, attributes);
}

void Writer::text(std::string_view content) {
  out_ += escaped(content);
}

void Writer::style(const char* sheet) {
  begin("style", {});
  out_ += sheet;
  end("style");
}

void Writer::begin(std::string_view tag, Attributes attributes) {
  if (begins_line(tag)) out_ += '\n';
  out_ += '<';
  out_ += tag;
  for (const auto& [name, value] : attributes) {
    if (value.empty()) continue;
    out_ += ' ';
    out_ += name;
    out_ += "=\"" + escaped(value) + '"';
  }
  out_ += '>';
}

void Writer::end(std::string_view tag) {
  out_ += "</";
  out_ += tag;
  out_ += '>';
}

}  // namespace assay::reports::html_writer
