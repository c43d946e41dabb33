// Finding codes: what is wrong, in the words of the catalogue (configs/findings/).
#pragma once

#include <fmt/core.h>

#include <compare>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>

namespace assay {

/// "area.name", both of [a-z0-9_]: "memory.miscompare". The symptom of an error is one too.
///
/// Records can hold any text, so any text can be held; is_valid() tells.
class FindingCode {
 public:
  FindingCode() = default;
  FindingCode(std::string text) : text_(std::move(text)) {}
  FindingCode(std::string_view text) : text_(text) {}
  FindingCode(const char* text) : text_(text) {}

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool is_valid() const;
  /// "memory" of "memory.miscompare".
  std::string area() const;

  friend bool operator==(const FindingCode&, const FindingCode&) = default;
  friend auto operator<=>(const FindingCode&, const FindingCode&) = default;

 private:
  std::string text_;
};

std::ostream& operator<<(std::ostream& out, const FindingCode& code);
void to_json(nlohmann::json& j, const FindingCode& code);
void from_json(const nlohmann::json& j, FindingCode& code);

}  // namespace assay

template <>
struct fmt::formatter<assay::FindingCode> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const assay::FindingCode& code, Context& context) const {
    return fmt::formatter<std::string_view>::format(code.text(), context);
  }
};
