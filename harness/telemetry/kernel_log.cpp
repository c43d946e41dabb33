#include "harness/telemetry/kernel_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <regex>
#include <utility>

#include <nlohmann/json.hpp>

#include "harness/ipc/child.h"

namespace assay::telemetry {
namespace {

constexpr std::size_t kLongestProcessName = 15;  // the kernel's TASK_COMM_LEN, less its end
constexpr const char* kOvertaken = "the kernel's log ring overtook us: records were lost";

// "NVRM: Xid (PCI:0000:9b:00): 79, ..." and the older form without "PCI:".
const std::regex& xid_pattern() {
  static const std::regex pattern(
      R"(NVRM: Xid \((?:PCI:)?([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.[0-7])?)\): ([0-9]{1,4})(?:,|$))");
  return pattern;
}

// "pid=701, name=python3, ..."; where the driver knows none, both are left out or "<unknown>".
const std::regex& process_pattern() {
  static const std::regex pattern(R"(: [0-9]+, pid=([0-9]+), name=([^,<]+))");
  return pattern;
}

const std::regex& sxid_pattern() {
  static const std::regex pattern(
      R"(nvidia-nvswitch([0-9]{1,3}): SXid \(PCI:([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.[0-7])?)\): ([0-9]{1,6}), (Fatal)?)");
  return pattern;
}

// "NVRM: GPU 0000:18:00.0: GPU has fallen off the bus." The domain may be left out.
const std::regex& fallen_pattern() {
  static const std::regex pattern(
      R"(NVRM: GPU ((?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]): GPU has fallen off the bus)");
  return pattern;
}

std::string normal_address(std::string address) {
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (std::count(address.begin(), address.end(), ':') == 1) address = "0000:" + address;
  if (address.find('.') == std::string::npos) address += ".0";
  return address;
}

/// The number that the text begins with; 0 where there is none, or one that no log has.
template <typename Number = int>
Number number_in(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

bool is_foreign(const KernelEvent& event) {
  constexpr std::string_view kMultiProcessServer = "nvidia-cuda-mps";  // cut off at 15: -server, -control
  return !event.process.empty() && event.process != ipc::kChildName && event.process != kMultiProcessServer;
}

std::optional<KernelEvent> parse_kernel_line(std::string_view line) {
  const std::string text(line);
  std::smatch match;
  if (std::regex_search(text, match, xid_pattern())) {
    KernelEvent event{KernelEvent::Kind::xid, number_in(match[2].str()), normal_address(match[1]), text};
    if (std::regex_search(text, match, process_pattern())) {
      event.pid = number_in(match[1].str());
      event.process = match[2].str().substr(0, kLongestProcessName);
    }
    return event;
  }
  if (std::regex_search(text, match, fallen_pattern())) {
    return KernelEvent{KernelEvent::Kind::fallen_off_bus, 0, normal_address(match[1]), text};
  }
  if (std::regex_search(text, match, sxid_pattern())) {
    KernelEvent event{KernelEvent::Kind::nvswitch, number_in(match[3].str()), normal_address(match[2]), text};
    event.nvswitch = number_in(match[1].str());
    event.fatal = match[4] == "Fatal";
    return event;
  }
  return std::nullopt;
}

KernelLog::KernelLog(const std::string& path, std::int64_t position)
    : fd_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  struct stat info {};
  if (!fd_ || fstat(fd_.get(), &info) != 0) {
    why_not_ = path + ": " + std::strerror(errno);
    return;
  }
  is_device_ = S_ISCHR(info.st_mode);
  if (position == kFromEnd) {
    if (is_device_) {
      poll();  // only its records tell where it ends; it holds a few thousand
      why_not_.clear();
    } else {
      position_ = lseek(fd_.get(), 0, SEEK_END);
    }
  } else {
    resumed_ = is_device_;
    // /dev/kmsg has no seeking by sequence number: it is read from its first record, and older ones are
    // passed over.
    position_ = position;
    lseek(fd_.get(), is_device_ ? 0 : position, SEEK_SET);
  }
}

void KernelLog::take(std::string_view record, std::vector<KernelEvent>& events) {
  std::string_view text = record;
  std::int64_t time_us = 0;
  if (is_device_) {
    // "6,1234,5678,-;text": priority, sequence number, microseconds, flags. Continuation lines start with a
    // space.
    const auto semicolon = record.find(';'), comma = record.find(',');
    if (semicolon == std::string_view::npos || comma > semicolon) return;
    const std::int64_t sequence = number_in<std::int64_t>(record.substr(comma + 1));
    if (sequence < position_) return;
    if (std::exchange(resumed_, false) && sequence > position_) why_not_ = kOvertaken;
    position_ = sequence + 1;
    const auto second_comma = record.find(',', comma + 1);
    if (second_comma < semicolon) time_us = number_in<std::int64_t>(record.substr(second_comma + 1));
    text = record.substr(semicolon + 1);
  } else {
    position_ += static_cast<std::int64_t>(record.size()) + 1;
  }
  if (auto event = parse_kernel_line(text)) {
    event->position = position_;
    event->time_us = time_us;
    events.push_back(std::move(*event));
  }
}

std::string KernelLog::take_loss() {
  return fd_ ? std::exchange(why_not_, "") : why_not_;
}

std::vector<KernelEvent> KernelLog::poll() {
  std::vector<KernelEvent> events;
  if (!fd_) return events;
  std::array<char, 8192> buffer{};  // the longest record that /dev/kmsg gives
  for (;;) {
    const ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EPIPE) {
      why_not_ = kOvertaken;
      continue;
    }
    if (got <= 0) return events;
    partial_line_.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end; (end = partial_line_.find('\n')) != std::string::npos;) {
      take(std::string_view(partial_line_).substr(0, end), events);
      partial_line_.erase(0, end + 1);
    }
  }
}

namespace {

constexpr std::array<const char*, 3> kKindNames{"xid", "fallen_off_bus", "nvswitch"};

}  // namespace

void to_json(nlohmann::json& j, const KernelEvent& event) {
  j = {{"kind", kKindNames[static_cast<std::size_t>(event.kind)]},
       {"number", event.number},
       {"pci_address", event.pci_address},
       {"line", event.line},
       {"pid", event.pid},
       {"process", event.process},
       {"time_us", event.time_us},
       {"nvswitch", event.nvswitch},
       {"fatal", event.fatal},
       {"position", event.position},
       {"more", event.more}};
}

void from_json(const nlohmann::json& j, KernelEvent& event) {
  const auto& kind = j.at("kind").get_ref<const std::string&>();
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), kind);
  if (found == kKindNames.end()) throw std::invalid_argument("no kernel event of kind " + kind);
  event.kind = static_cast<KernelEvent::Kind>(found - kKindNames.begin());
  j.at("number").get_to(event.number);
  j.at("pci_address").get_to(event.pci_address);
  j.at("line").get_to(event.line);
  j.at("pid").get_to(event.pid);
  j.at("process").get_to(event.process);
  j.at("time_us").get_to(event.time_us);
  j.at("nvswitch").get_to(event.nvswitch);
  j.at("fatal").get_to(event.fatal);
  j.at("position").get_to(event.position);
  j.at("more").get_to(event.more);
}

}  // namespace assay::telemetry
