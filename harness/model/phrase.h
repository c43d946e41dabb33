// What is said to people, in each of the languages of --lang.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay {

struct Phrase {
  Phrase() = default;
  /// A name, or what a library or the system says itself: the same in both.
  Phrase(const std::string& both) : english(both), chinese(both) {}
  Phrase(const char* both) : Phrase(std::string(both)) {}
  Phrase(std::string in_english, std::string in_chinese)
      : english(std::move(in_english)), chinese(std::move(in_chinese)) {}

  const std::string& in(std::string_view language) const { return language == "zh-CN" ? chinese : english; }

  std::string english, chinese;
};

inline std::vector<std::string> in_english(const std::vector<Phrase>& phrases) {
  std::vector<std::string> texts;
  for (const Phrase& one : phrases) texts.push_back(one.english);
  return texts;
}

template <typename... Arguments>
Phrase phrase(fmt::format_string<const Arguments&...> english,
              fmt::format_string<const Arguments&...> chinese, const Arguments&... arguments) {
  return {fmt::format(english, arguments...), fmt::format(chinese, arguments...)};
}

}  // namespace assay
