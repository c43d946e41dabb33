// Text that is data: serials, messages, file names. It comes from firmware, files and command lines, and
// nothing in it may move a cursor, turn the direction of reading, or hide.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace assay {

struct Character {
  std::string_view bytes;
  std::optional<char32_t> code;  // missing: a byte that is no UTF-8
};

/// Of a text that is not empty.
Character first_character(std::string_view text);

bool is_utf8(std::string_view text);

/// The one way from data to a terminal or a page. Control characters, line breaks, what is no UTF-8 and what
/// has no shape of its own are spelt out, as "\x1b" or "\u{202e}"; all other text stays. Twice is as good as
/// once.
std::string visible(std::string_view text);

/// The one way from JSON to a terminal: indented, valid, the same characters as \uXXXX.
std::string visible_json(const nlohmann::json& content);

}  // namespace assay
