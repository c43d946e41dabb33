#include "reports/text/style.h"

#include "harness/base/text.h"

namespace assay::reports {

TextStyles::TextStyles(bool colour) {
  if (!colour) return;
  bold = "\x1b[1m";
  good = "\x1b[1;32m";
  bad = "\x1b[1;31m";
  caution = "\x1b[1;33m";
}

std::string styled(std::string_view text, std::string_view style) {
  if (style.empty()) return visible(text);
  return std::string(style) + visible(text) + "\x1b[0m";
}

}  // namespace assay::reports
