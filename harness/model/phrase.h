// What is said to people, in each of the languages of --lang.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>
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
  bool empty() const { return english.empty(); }
  Phrase& operator+=(const Phrase& more) {
    english += more.english;
    chinese += more.chinese;
    return *this;
  }

  std::string english, chinese;
};

/// One after the other, with commas.
inline Phrase listed(const std::vector<Phrase>& phrases) {
  Phrase all;
  for (const Phrase& one : phrases) {
    if (!all.empty()) all += {", ", "、"};
    all += one;
  }
  return all;
}

inline std::vector<std::string> in_english(const std::vector<Phrase>& phrases) {
  std::vector<std::string> texts;
  for (const Phrase& one : phrases) texts.push_back(one.english);
  return texts;
}

/// What stands for an argument within one language: of a phrase, its words in it.
template <typename Argument>
using Spoken = std::conditional_t<std::is_same_v<Argument, Phrase>, std::string, Argument>;

template <typename Argument>
const Spoken<Argument>& spoken(const Argument& argument, [[maybe_unused]] std::string_view language) {
  if constexpr (std::is_same_v<Argument, Phrase>) {
    return argument.in(language);
  } else {
    return argument;
  }
}

template <typename... Arguments>
Phrase phrase(fmt::format_string<const Spoken<Arguments>&...> english,
              fmt::format_string<const Spoken<Arguments>&...> chinese, const Arguments&... arguments) {
  return {fmt::format(english, spoken(arguments, "en")...),
          fmt::format(chinese, spoken(arguments, "zh-CN")...)};
}

}  // namespace assay
