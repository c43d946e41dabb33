#include "harness/kernel_log/parse.h"

#include <utility>

#include "harness/ipc/child.h"
#include "harness/kernel_log/parse_host.h"
#include "harness/kernel_log/parse_nvidia.h"
#include "harness/kernel_log/pci_text.h"
#include "harness/kernel_log/prefix.h"
#include "harness/kernel_log/scanner.h"

namespace assay::kernel_log {
namespace {

constexpr std::string_view kEscapedNewline = "\\x0a";
constexpr std::string_view kDriver = "NVRM: ";
/// Of other lines that may come between those of a GPU that fell off the bus: other processors log, too.
constexpr int kPatience = 8;

std::string_view without_driver(std::string_view text) {
  return text.substr(0, kDriver.size()) == kDriver ? text.substr(kDriver.size()) : text;
}

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

}  // namespace

bool is_foreign(const KernelEvent& event) {
  constexpr std::string_view kMultiProcessServer = "nvidia-cuda-mps";  // cut off at 15: -server, -control
  return !event.process.empty() && event.process != ipc::kChildName && event.process != kMultiProcessServer;
}

std::optional<KernelEvent> parse_line(std::string_view text) {
  if (begins(text, kDriver)) return parse_nvrm(text);
  if (begins(text, "nvidia-nvswitch")) return parse_nvswitch(text);
  return parse_host(text);
}

void LineReader::take(std::string_view line, std::int64_t time_us, std::vector<KernelEvent>& events) {
  const Unprefixed all = without_prefix(line);
  std::string_view rest = all.text;
  for (std::size_t end; (end = rest.find(kEscapedNewline)) != std::string_view::npos;) {
    take_one(rest.substr(0, end), all.logged_at, time_us, events);
    rest.remove_prefix(end + kEscapedNewline.size());
  }
  take_one(rest, all.logged_at, time_us, events);
}

void LineReader::take_one(std::string_view text, std::string_view logged_at, std::int64_t time_us,
                          std::vector<KernelEvent>& events) {
  const auto add = [&](KernelEvent event) {
    event.logged_at = logged_at;
    event.time_us = time_us;
    events.push_back(std::move(event));
  };
  const std::string_view said = without_driver(text);
  if (begins(said, "The NVIDIA GPU ")) {
    Scanner scanner(said.substr(std::string_view("The NVIDIA GPU ").size()));
    gpu_ = take_pci_address(scanner).value_or("");
    said_ = text;
    patience_ = gpu_.empty() ? 0 : kPatience;
    return;
  }
  if (patience_ > 0 && begins(said, "(PCI ID: ")) {
    said_ += " " + std::string(said);
    return;
  }
  if (patience_ > 0 && begins(said, "fallen off the bus")) {
    KernelEvent event;
    event.kind = KernelEvent::Kind::fallen_off_bus;
    event.pci_address = std::exchange(gpu_, "");
    event.line = said_ + " " + std::string(said);
    patience_ = 0;
    return add(std::move(event));
  }
  if (patience_ > 0) --patience_;
  if (begins(text, "{")) {
    std::vector<KernelEvent> found;
    take_firmware(text, found);
    for (KernelEvent& event : found) add(std::move(event));
    return;
  }
  if (auto event = parse_line(text)) add(std::move(*event));
}

void LineReader::take_firmware(std::string_view text, std::vector<KernelEvent>& found) {
  constexpr std::string_view kMark = "[Hardware Error]: ";
  const auto mark = text.find(kMark);
  if (mark == std::string_view::npos) return;
  Scanner said(text.substr(mark + kMark.size()));
  said.skip_blanks();
  if (begins(said.rest(), "event severity: ")) {
    severity_line_ = text;
    section_.clear();
    return;
  }
  const auto tell = [&](std::string_view line) {
    if (auto event = parse_line(severity_line_)) {
      event->line = severity_line_ + " / " + section_ + (line == section_ ? "" : " / " + std::string(line));
      found.push_back(std::move(*event));
    }
    severity_line_.clear();
  };
  if (severity_line_.empty()) return;
  if (said.skip("section_type: ")) {
    section_ = text;
    const std::string_view type = said.rest();
    const bool of_host =
        begins(type, "memory error") || type.find("processor error") != std::string_view::npos;
    if (of_host) tell(section_);
    return;
  }
  if (section_.find("PCIe error") == std::string::npos || !said.skip("device_id: ")) return;
  const auto address = take_pci_address(said);
  if (!address) return;
  tell(text);
  if (found.empty()) return;
  found.back().kind = KernelEvent::Kind::pcie;
  found.back().pci_address = *address;
}

}  // namespace assay::kernel_log
