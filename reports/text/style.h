// ANSI escapes, few: bold, red, green, yellow.
#pragma once

#include <string>
#include <string_view>

namespace assay::reports {

struct TextStyles {
  explicit TextStyles(bool colour);
  std::string bold, good, bad, caution;  // empty without colour
};

/// The text between the escape and its reset; unchanged where the style is empty.
std::string styled(std::string_view text, std::string_view style);

}  // namespace assay::reports
