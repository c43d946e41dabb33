#include "harness/base/text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace assay {
namespace {

constexpr std::size_t kLongestCharacter = 4;  // bytes of UTF-8

/// Controls, line and paragraph separators, and Unicode 15's Default_Ignorable_Code_Point
/// (DerivedCoreProperties.txt), which has the bidirectional controls, joiners, fillers, variation selectors
/// and tags.
bool is_hidden(char32_t code) {
  constexpr char32_t kRanges[][2] = {
      {0x0000, 0x001F}, {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},  {0x061C, 0x061C},
      {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},  {0x2028, 0x202E},
      {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},  {0xFFA0, 0xFFA0},
      {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [code](const auto& range) { return code >= range[0] && code <= range[1]; });
}

template <typename Use>
void for_each_character(std::string_view text, Use use) {
  while (!text.empty()) {
    const Character character = first_character(text);
    use(character);
    text.remove_prefix(character.bytes.size());
  }
}

std::string spelt_out(const Character& character) {
  if (!character.code) return fmt::format("\\x{:02x}", static_cast<unsigned char>(character.bytes.front()));
  const auto code = static_cast<std::uint32_t>(*character.code);
  return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{{{:x}}}", code);
}

std::string json_escape(char32_t code) {
  if (code <= 0xFFFF) return fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
  const auto above = static_cast<std::uint32_t>(code) - 0x10000;  // two UTF-16 units
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (above >> 10), 0xDC00 + (above & 0x3FF));
}

}  // namespace

Character first_character(std::string_view text) {
  utf8proc_int32_t code = 0;
  const utf8proc_ssize_t length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(std::min(text.size(), kLongestCharacter)), &code);
  if (length <= 0) return {text.substr(0, 1), std::nullopt};
  return {text.substr(0, static_cast<std::size_t>(length)), static_cast<char32_t>(code)};
}

bool is_utf8(std::string_view text) {
  bool valid = true;
  for_each_character(text, [&](const Character& character) { valid = valid && character.code; });
  return valid;
}

std::string visible(std::string_view text) {
  std::string shown;
  for_each_character(text, [&](const Character& character) {
    const bool plain = character.code && !is_hidden(*character.code);
    shown += plain ? std::string(character.bytes) : spelt_out(character);
  });
  return shown;
}

std::string visible_json(const nlohmann::json& content) {
  const std::string text = content.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string shown;
  for_each_character(text, [&](const Character& character) {
    const bool layout = character.bytes == "\n";  // a string's own is escaped already
    const bool plain = layout || (character.code && !is_hidden(*character.code));
    shown += plain ? std::string(character.bytes) : json_escape(character.code.value_or(0xFFFD));
  });
  return shown;
}

}  // namespace assay
