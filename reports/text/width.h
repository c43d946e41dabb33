// Columns on a terminal: East Asian wide characters take two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::reports {

/// Of UTF-8 text. Control characters count as one: clean() makes one visible character of each.
std::size_t display_width(std::string_view text);

/// Control characters become '?', so that a serial cannot move a technician's cursor.
std::string clean(std::string_view text);

std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// Breaks at spaces and between wide characters; a longer word is cut. Never an empty list.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace assay::reports
