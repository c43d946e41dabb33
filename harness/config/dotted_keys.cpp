#include "harness/config/dotted_keys.h"

#include <algorithm>

namespace assay::config {
namespace {

constexpr std::string_view kEndsOfKeys = "=,[]{}\n";

/// Behind the string that begins at `at`: basic ones ("") know escapes, literal ones ('') do not.
std::size_t behind_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool multi_line = text.substr(at, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
  const std::size_t length = multi_line ? 3 : 1;
  const std::string_view closing = text.substr(at, length);
  for (at += length; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text.substr(at, length) == closing) {
      return at + length;
    } else if (text[at] == '\n' && !multi_line) {
      return at;
    }
  }
  return text.size();
}

}  // namespace

int longest_dotted_key(std::string_view text) {
  int longest = 0, dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = behind_string(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '.') longest = std::max(longest, ++dots);
    if (kEndsOfKeys.find(c) != std::string_view::npos) dots = 0;
    ++at;
  }
  return longest;
}

}  // namespace assay::config
