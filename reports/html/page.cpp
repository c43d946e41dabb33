#include "reports/html/page.h"

namespace assay::reports {

void HtmlPage::section(std::string_view id, const std::string& heading,
                       const std::function<void()>& content) {
  const Element body = writer.open("section", {{"id", id}});
  writer.element("h2", heading);
  content();
}

void HtmlPage::column_headers(const std::vector<std::string>& headers) {
  const Element head = writer.open("thead");
  const Element line = writer.open("tr");
  for (const std::string& header : headers) writer.element("th", header, {{"scope", "col"}});
}

void HtmlPage::name(const std::string& text) {
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t stop = text.find_first_of("_./", start);
    const std::size_t end = stop == std::string::npos ? text.size() : stop + 1;
    writer.text(std::string_view(text).substr(start, end - start));
    if (end < text.size()) writer.void_element("wbr");
    start = end;
  }
}

void HtmlPage::row_header(const std::string& text) {
  const Element header = writer.open("th", {{"scope", "row"}});
  name(text);
}

void HtmlPage::row(const std::vector<std::string>& cells) {
  const Element line = writer.open("tr");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i == 0) {
      row_header(cells[i]);
    } else {
      writer.element("td", cells[i]);
    }
  }
}

void HtmlPage::table(const std::string& caption, std::string_view css_class,
                     const std::function<void()>& content) {
  const Element box = writer.open(
      "div", {{"class", "scroll"}, {"role", "region"}, {"aria-label", caption}, {"tabindex", "0"}});
  const Element body = writer.open("table", {{"class", css_class}});
  writer.element("caption", caption);
  content();
}

}  // namespace assay::reports
