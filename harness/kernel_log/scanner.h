// Reading a line from left to right. Kernel logs are searched at hundreds of megabytes a second, where
// regular expressions of the standard library do some two.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace assay::kernel_log {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::string_view rest() const { return text_; }
  bool at_end() const { return text_.empty(); }
  bool skip(std::string_view expected) {
    if (text_.substr(0, expected.size()) != expected) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  bool skip(char expected) { return skip(std::string_view(&expected, 1)); }
  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
  }
  /// Up to where `accepts` no longer holds.
  template <typename Accepts>
  std::string_view take_while(Accepts accepts) {
    std::size_t length = 0;
    while (length < text_.size() && accepts(text_[length])) ++length;
    return take(length);
  }
  /// Up to the next of `delimiter`, which stays; all that is left where there is none.
  std::string_view take_until(char delimiter) {
    return take_while([delimiter](char c) { return c != delimiter; });
  }
  /// Behind the next place where `text` stands. False, and nothing taken, where there is none.
  bool skip_past(std::string_view text) {
    const std::size_t at = text_.find(text);
    if (at == std::string_view::npos) return false;
    text_.remove_prefix(at + text.size());
    return true;
  }
  /// A number of at most `most_digits` digits, of which none follows.
  template <typename Number = int>
  std::optional<Number> number(std::size_t most_digits = 9, int base = 10) {
    std::size_t digits = 0;
    while (digits < text_.size() && is_digit(text_[digits], base)) ++digits;
    Number value{};
    if (digits == 0 || digits > most_digits) return std::nullopt;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + digits, value, base);
    if (error != std::errc() || end != text_.data() + digits) return std::nullopt;
    text_.remove_prefix(digits);
    return value;
  }
  static bool is_digit(char c, int base = 10) {
    if (c >= '0' && c <= '9') return true;
    return base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
  }

 private:
  std::string_view take(std::size_t length) {
    const std::string_view taken = text_.substr(0, length);
    text_.remove_prefix(length);
    return taken;
  }
  std::string_view text_;
};

}  // namespace assay::kernel_log
