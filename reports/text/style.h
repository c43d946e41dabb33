// ANSI escapes, few: bold, red, green, yellow.
#pragma once

#include <string>
#include <string_view>

namespace assay::reports {

struct TextStyles {
  explicit TextStyles(bool colour);
  std::string bold, good, bad, caution;  // empty without colour
};

/// A piece of text, which may be data, and how it looks.
struct TextCell {
  std::string text;
  std::string style;  // an ANSI prefix, or nothing
};

/// The text made visible, between the escape and its reset where there is a style.
std::string styled(std::string_view text, std::string_view style);

}  // namespace assay::reports
