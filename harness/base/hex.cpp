#include "harness/base/hex.h"

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace assay {

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

std::string from_hex(std::string_view text) {
  if (text.size() % 2 != 0) throw std::invalid_argument("hexadecimal text of an odd length");
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const char* const begin = text.data() + i;
    if (*begin == '-' || std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2)
      throw std::invalid_argument("'" + std::string(text.substr(i, 2)) + "' is no hexadecimal byte");
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::uint64_t number_from_hex(std::string_view text) {
  constexpr std::string_view kPrefix = "0x";
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const bool prefixed = text.substr(0, kPrefix.size()) == kPrefix;
  const auto [parsed, error] = prefixed ? std::from_chars(text.data() + kPrefix.size(), end, number, 16)
                                        : std::from_chars_result{text.data(), std::errc::invalid_argument};
  if (error != std::errc() || parsed != end)
    throw std::invalid_argument("'" + std::string(text) + "' is no hexadecimal number");
  return number;
}

}  // namespace assay
