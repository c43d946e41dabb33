#include "reports/text/page.h"

#include "reports/text/width.h"

namespace assay::reports {

void TextPage::line(std::string_view text) {
  text_ += text;
  text_ += '\n';
}

void TextPage::heading(const std::string& text) {
  line();
  line(styled(text, styles.bold));
}

void TextPage::field(std::size_t indent, std::size_t label_width, const std::string& label,
                     const std::string& text) {
  const std::size_t start = indent + label_width;
  bool first = true;
  for (const std::string& piece : wrap(clean(text), kTextWidth - start)) {
    const std::string lead =
        first ? std::string(indent, ' ') + pad_right(label, label_width) : std::string(start, ' ');
    line(piece.empty() ? lead.substr(0, lead.find_last_not_of(' ') + 1) : lead + piece);
    first = false;
  }
}

void TextPage::paragraph(std::size_t indent, const std::string& text, const std::string& style) {
  for (const std::string& piece : wrap(clean(text), kTextWidth - indent)) {
    line(std::string(indent, ' ') + styled(piece, style));
  }
}

}  // namespace assay::reports
