#include "reports/text/width.h"

#include <utf8proc.h>

#include <algorithm>

#include "harness/base/text.h"

namespace assay::reports {
namespace {

/// In columns: 2 for the wide characters of East Asia, 0 for a mark that stands on the one before. A byte
/// that is no UTF-8 is shown as one column.
std::size_t width_of(const Character& character) {
  if (!character.code) return 1;
  return static_cast<std::size_t>(
      std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(*character.code))));
}

bool is_wide(const Character& character) {
  return width_of(character) > 1;
}

/// Closing punctuation never begins a line.
bool sticks_to_previous(std::string_view bytes) {
  constexpr std::string_view kClosing[] = {"，", "。", "、", "；", "：", "！", "？", "）", "》", "”", "’"};
  return std::find(std::begin(kClosing), std::end(kClosing), bytes) != std::end(kClosing);
}

/// What must stay together: a run of narrow characters, or one wide character with its closing punctuation.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  bool may_extend = false;
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool narrow = !is_wide(character);
    const bool space = character.bytes == " ";
    if (!words.empty() && ((narrow && !space && may_extend) || sticks_to_previous(character.bytes))) {
      words.back() = {words.back().data(), words.back().size() + character.bytes.size()};
    } else {
      words.push_back(character.bytes);
    }
    may_extend = narrow && !space;
    text.remove_prefix(character.bytes.size());
  }
  return words;
}

std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t used = 0, bytes = 0;
  while (bytes < text.size()) {
    const Character character = first_character(text.substr(bytes));
    if (used + width_of(character) > width) break;
    used += width_of(character);
    bytes += character.bytes.size();
  }
  return text.substr(0, std::max<std::size_t>(bytes, 1));
}

void trim_right(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += width_of(character);
    text.remove_prefix(character.bytes.size());
  }
  return width;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(text) + std::string(width > used ? width - used : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(width > used ? width - used : 0, ' ') + std::string(text);
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{""};
  std::size_t used = 0;
  for (std::string_view word : words_of(text)) {
    if (used > 0 && used + display_width(word) > width) {
      trim_right(lines.back());
      lines.emplace_back();
      used = 0;
    }
    if (used == 0 && word == " " && lines.size() > 1) continue;
    while (display_width(word) > width) {
      const std::string_view piece = cut(word, width);
      lines.back() += piece;
      lines.emplace_back();
      word.remove_prefix(piece.size());
    }
    lines.back() += word;
    used += display_width(word);
  }
  trim_right(lines.back());
  if (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace assay::reports
