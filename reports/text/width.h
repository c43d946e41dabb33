// Columns on a terminal: East Asian wide characters take two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::reports {

/// Of text that is visible (harness/base/text.h).
std::size_t display_width(std::string_view text);

std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// Breaks at spaces and between wide characters; a longer word is cut. Never an empty list.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace assay::reports
