// Lines that users of NVIDIA's drivers have published (tests/data/kernel_log/), and ten million damaged ones.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/kernel_log/event_digest.h"
#include "harness/kernel_log/parse.h"

namespace assay::kernel_log {
namespace {

struct Expected {
  std::string says, line;
};

std::vector<Expected> recorded() {
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/tests/data/kernel_log/lines.tsv");
  std::vector<Expected> all;
  for (std::string line; std::getline(file, line);) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos) all.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return all;
}

/// As the file has it.
std::string described(const KernelEvent& event) {
  using Event = KernelEvent::Kind;
  const char* const what = event.kind == Event::xid        ? "xid"
                           : event.kind == Event::nvswitch ? "sxid"
                                                           : "fallen";
  std::string text = what;
  if (event.kind != Event::fallen_off_bus) text += fmt::format(" {}", event.number);
  text += " " + event.pci_address;
  if (!event.process.empty()) text += fmt::format(" pid={} name={}", event.pid, event.process);
  if (event.nvswitch >= 0) text += fmt::format(" switch={}", event.nvswitch);
  if (event.link >= 0) text += fmt::format(" link={}", event.link);
  if (event.recovery_action >= 0) text += fmt::format(" asks={}", event.recovery_action);
  if (event.severity == KernelEvent::Severity::fatal) text += " fatal";
  if (event.severity == KernelEvent::Severity::non_fatal) text += " non_fatal";
  if (event.continues) text += " continues";
  return text;
}

TEST(RecordedLines, AreReadAsAPersonWould) {
  const auto all = recorded();
  ASSERT_GT(all.size(), 80u);
  LineReader reader;
  for (const Expected& expected : all) {
    std::vector<KernelEvent> events;
    reader.take(expected.line, 0, events);
    EXPECT_EQ(events.empty() ? "-" : described(events.front()), expected.says) << expected.line;
    EXPECT_LE(events.size(), 1u);
  }
}

/// What cuts lines short, joins them and damages them in the field, at random.
std::string damaged(const std::vector<Expected>& lines, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::string line = lines[below(lines.size())].line;
  for (std::size_t damage = 1 + below(4); damage > 0 && !line.empty(); --damage) {
    const std::size_t at = below(line.size());
    switch (below(6)) {
      case 0:
        line[at] = static_cast<char>(random());
        break;
      case 1:
        line.resize(at);
        break;
      case 2:
        line.erase(0, at);
        break;
      case 3:
        line.insert(at, lines[below(lines.size())].line);
        break;
      case 4:
        line.insert(at, "\\x0a");
        break;
      default:
        line.insert(at, "0123456789abcdef:.(), ", below(22));
    }
  }
  return line;
}

TEST(RecordedLines, TenMillionDamagedOnesDoNoHarm) {
  const auto all = recorded();
  std::mt19937_64 random(1);
  LineReader reader;
  EventDigest digest;
  std::vector<KernelEvent> events;
  std::size_t seen = 0;
  for (int i = 0; i < 10'000'000; ++i) {
    events.clear();
    reader.take(damaged(all, random), i, events);
    for (KernelEvent& event : events) {
      ASSERT_LT(event.link, 64);
      ASSERT_GE(event.number, 0);
      ASSERT_LE(event.process.size(), 15u);
      digest.add(std::move(event));
      ++seen;
    }
  }
  EXPECT_GT(seen, 1'000'000u) << "damage is to leave some lines whole";
  std::size_t bytes = 0;
  for (const KernelEvent& event : digest.take()) bytes += event.line.size();
  EXPECT_LT(bytes, 2u << 20) << "a flood is cut";
}

}  // namespace
}  // namespace assay::kernel_log
