// Writes HTML by elements. Every text and every attribute value is escaped; there is no way to write raw
// markup.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::reports::html_writer {

using Attribute = std::pair<std::string_view, std::string_view>;
using Attributes = std::initializer_list<Attribute>;

class Writer;

/// Closes its element at the end of the scope.
class Element {
 public:
  Element(Writer& writer, std::string_view tag) : writer_(writer), tag_(tag) {}
  ~Element();
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

 private:
  Writer& writer_;
  std::string_view tag_;
};

class Writer {
 public:
  Writer();  // begins with the document type

  /// Tags and attribute names are literals of ours. An attribute with an empty value is left out.
  [[nodiscard]] Element open(std::string_view tag, Attributes attributes = {});
  /// An element that holds text alone.
  void element(std::string_view tag, std::string_view text, Attributes attributes = {});
  /// <meta>, <wbr>: no content, no end tag.
  void void_element(std::string_view tag, Attributes attributes = {});
  void text(std::string_view text);
  /// The style sheet: ours, and never escaped, since CSS knows no entities.
  void style(const char* sheet);

  std::string take() { return std::move(out_); }

 private:
  friend class Element;
  void begin(std::string_view tag, Attributes attributes);
  void end(std::string_view tag);

  std::string out_;
};

/// The one way from data to a page.
std::string escaped(std::string_view text);

}  // namespace assay::reports::html_writer
