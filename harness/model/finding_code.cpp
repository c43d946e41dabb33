#include "harness/model/finding_code.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

namespace assay {

bool FindingCode::is_valid() const {
  const auto is_word = [](std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  const auto dot = text_.find('.');
  return dot != std::string::npos && is_word(std::string_view(text_).substr(0, dot)) &&
         is_word(std::string_view(text_).substr(dot + 1));
}

std::string FindingCode::area() const {
  return text_.substr(0, text_.find('.'));
}

std::ostream& operator<<(std::ostream& out, const FindingCode& code) {
  return out << code.text();
}

void to_json(nlohmann::json& j, const FindingCode& code) {
  j = code.text();
}

void from_json(const nlohmann::json& j, FindingCode& code) {
  code = FindingCode(j.get<std::string>());
}

}  // namespace assay
