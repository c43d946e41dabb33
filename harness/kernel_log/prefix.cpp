#include "harness/kernel_log/prefix.h"

#include <algorithm>
#include <cstdint>

#include "harness/kernel_log/scanner.h"

namespace assay::kernel_log {
namespace {

constexpr std::string_view kKernelTag = "kernel: ";
// "2024-08-30T11:43:09.123456+00:00 a-host-name.of.a.data.centre kernel: "
constexpr std::size_t kLongestSyslogPrefix = 320;

/// "Aug 30 11:43:09", "2024-08-30T11:43:09".
bool begins_with_a_time(std::string_view text) {
  const auto colon = text.substr(0, 32).find(':');
  return colon != std::string_view::npos && colon >= 2 && colon + 2 < text.size() &&
         Scanner::is_digit(text[colon - 1]) && Scanner::is_digit(text[colon + 1]);
}

/// Of "Aug 30 11:43:09 host " and the like, without the host.
std::string_view time_of(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == ' ') prefix.remove_suffix(1);
  const auto blank = prefix.rfind(' ');
  return blank == std::string_view::npos ? prefix : prefix.substr(0, blank);
}

void take_priority(Scanner& scanner) {
  Scanner ahead = scanner;
  if (ahead.skip('<') && ahead.number(4) && ahead.skip('>')) scanner = ahead;
}

/// "6,1234,5678901,-;", of whoever reads /dev/kmsg: facility and level, sequence, microseconds since the
/// boot.
void take_record_header(Scanner& scanner, std::string_view& logged_at) {
  constexpr std::size_t kLongest = 20;
  Scanner ahead = scanner;
  constexpr int kMostOfKernel = 7;  // above: another program's, which wrote it there
  const auto priority = ahead.number(4);
  if (!priority || *priority > kMostOfKernel || !ahead.skip(',') || !ahead.number<std::uint64_t>(kLongest) ||
      !ahead.skip(','))
    return;
  const std::string_view time = ahead.take_until(',');
  const auto end = ahead.rest().substr(0, kLongest).find(';');
  if (!ahead.skip(',') || end == std::string_view::npos || end == 0) return;
  logged_at = time;
  scanner = Scanner(ahead.rest().substr(end));
}

void take_brackets(Scanner& scanner, std::string_view& logged_at) {
  Scanner ahead = scanner;
  if (!ahead.skip('[')) return;
  const std::string_view time = ahead.take_until(']');
  const bool is_time = std::any_of(time.begin(), time.end(), [](char c) { return Scanner::is_digit(c); }) &&
                       time.find_first_of(".:") != std::string_view::npos;
  if (!is_time || !ahead.skip(']')) return;
  ahead.skip_blanks();
  if (logged_at.empty()) logged_at = time;
  scanner = ahead;
}

}  // namespace

Unprefixed without_prefix(std::string_view line) {
  Scanner scanner(line);
  std::string_view logged_at;
  scanner.skip_blanks();
  take_priority(scanner);
  take_record_header(scanner, logged_at);
  take_brackets(scanner, logged_at);
  if (logged_at.empty()) {
    const std::string_view rest = scanner.rest();
    const auto tag = rest.substr(0, kLongestSyslogPrefix).find(kKernelTag);
    const bool bare = tag == 0;
    if (bare ||
        (tag != std::string_view::npos && rest[tag - 1] == ' ' && begins_with_a_time(rest.substr(0, tag)))) {
      if (!bare) logged_at = time_of(rest.substr(0, tag));
      scanner = Scanner(rest.substr(tag + kKernelTag.size()));
      std::string_view since_boot;
      take_brackets(scanner, logged_at.empty() ? logged_at : since_boot);
    }
  }
  scanner.skip_blanks();
  return {scanner.rest(), logged_at};
}

}  // namespace assay::kernel_log
