#include "reports/text/page.h"

#include "harness/base/text.h"
#include "reports/text/width.h"

namespace assay::reports {

void TextPage::line(std::initializer_list<TextCell> pieces) {
  for (const TextCell& piece : pieces) text_ += styled(piece.text, piece.style);
  text_ += '\n';
}

void TextPage::table(const TextTable& table) {
  for (const std::string& line : lines_of(table, kTextWidth)) text_ += line + '\n';
}

void TextPage::boxed(const std::string& text, const std::string& style) {
  constexpr std::size_t kFrame = 4;  // "#  " and "#"
  for (const std::string& piece : wrap(visible(text), kTextWidth - kFrame))
    line({{"#  ", ""}, {pad_right(piece, kTextWidth - kFrame), style}, {"#", ""}});
}

void TextPage::heading(const std::string& text) {
  line();
  line({{text, styles.bold}});
}

void TextPage::field(std::size_t indent, std::size_t label_width, const std::string& label,
                     const std::string& text) {
  const std::size_t start = indent + label_width;
  bool first = true;
  for (const std::string& piece : wrap(visible(text), kTextWidth - start)) {
    const std::string lead =
        first ? std::string(indent, ' ') + pad_right(label, label_width) : std::string(start, ' ');
    line({{piece.empty() ? lead.substr(0, lead.find_last_not_of(' ') + 1) : lead + piece, ""}});
    first = false;
  }
}

void TextPage::paragraph(std::size_t indent, const std::string& text, const std::string& style) {
  for (const std::string& piece : wrap(visible(text), kTextWidth - indent))
    line({{std::string(indent, ' '), ""}, {piece, style}});
}

}  // namespace assay::reports
