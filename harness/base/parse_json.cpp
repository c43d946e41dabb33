#include "harness/base/parse_json.h"

#include <algorithm>
#include <limits>
#include <string>

namespace assay {
namespace {

/// Of brackets outside of strings; the parser says what else is wrong.
int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  if (depth_of(text) > kMaxJsonDepth)
    throw JsonError("the JSON nests deeper than " + std::to_string(kMaxJsonDepth));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw JsonError(error.what());
  }
}

namespace {

template <typename Integer>
Integer integer_from(const nlohmann::json& j) {
  constexpr auto kLeast = std::numeric_limits<Integer>::min(), kMost = std::numeric_limits<Integer>::max();
  const bool fits = j.is_number_unsigned() ? j.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMost)
                    : j.is_number_integer()
                        ? j.get<std::int64_t>() >= kLeast && j.get<std::int64_t>() <= kMost
                        : false;
  if (!fits) throw JsonError(j.dump() + " is no whole number that fits");
  return j.get<Integer>();
}

}  // namespace

int int_from(const nlohmann::json& j) {
  return integer_from<int>(j);
}

std::int64_t int64_from(const nlohmann::json& j) {
  return integer_from<std::int64_t>(j);
}

}  // namespace assay
