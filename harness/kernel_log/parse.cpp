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
  if (auto event = begins(text, "{") ? take_firmware(text) : parse_line(text)) add(std::move(*event));
}

std::optional<KernelEvent> LineReader::take_firmware(std::string_view text) {
  Scanner said(text);
  if (!said.skip_past("[Hardware Error]: ")) return std::nullopt;
  said.skip_blanks();
  if (begins(said.rest(), "event severity: ")) {
    severity_line_ = text;
    section_.clear();
    return std::nullopt;
  }
  if (severity_line_.empty()) return std::nullopt;
  std::string line = severity_line_ + " / ";
  std::optional<std::string> address;
  if (said.skip("section_type: ")) {
    section_ = text;
    const std::string_view type = said.rest();
    if (!begins(type, "memory error") && type.find("processor error") == std::string_view::npos)
      return std::nullopt;
    line += section_;
  } else {
    const bool of_pcie = section_.find("PCIe error") != std::string::npos && said.skip("device_id: ");
    address = of_pcie ? take_pci_address(said) : std::nullopt;
    if (!address) return std::nullopt;
    line += section_ + " / " + std::string(text);
  }
  auto event = parse_line(std::exchange(severity_line_, ""));
  if (!event) return std::nullopt;
  event->line = std::move(line);
  if (address) {
    event->kind = KernelEvent::Kind::pcie;
    event->pci_address = *address;
  }
  return event;
}

}  // namespace assay::kernel_log
