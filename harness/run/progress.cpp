#include "harness/run/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/terminal.h"
#include "harness/model/shared_gpus.h"

namespace assay::run {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRedrawInterval{100};

template <typename... Arguments>
std::string say(const char* format, const Arguments&... arguments) {
  return fmt::format(fmt::runtime(format), arguments...);
}

std::string duration_text(const ProgressWords& words, double seconds) {
  const auto whole = std::lround(seconds);
  const long minutes = whole >= 3600 ? whole % 3600 / 60 : whole / 60, rest = whole % 60;
  if (whole >= 3600) return say(words.hours, fmt::arg("h", whole / 3600), fmt::arg("min", minutes));
  if (whole >= 60) return say(words.minutes, fmt::arg("min", minutes), fmt::arg("s", rest));
  return say(words.seconds, fmt::arg("s", whole));
}

}  // namespace

Progress::Style Progress::automatic() {
  return isatty(STDERR_FILENO) != 0 ? Style::live : Style::plain;
}

Progress::~Progress() {
  clear();
}

void Progress::stage_started(const Stage& stage, int attempt) {
  stage_ = &stage;
  attempt_ = attempt;
  fractions_.clear();
  std::set<Part> parts;
  for (const Placement& placement : stage.placements) {
    for (std::size_t rank = 0; rank < placement.participants.size(); ++rank) {
      const std::vector<Part>& devices = placement.participants[rank].devices;
      const Part& part = devices.size() == 1 ? devices.front() : placement.part;
      parts.insert(part);
      fractions_[{part, static_cast<int>(rank)}] = 0;
    }
  }
  stage_start_ = steady_clock::now();
  int ranks = 1;
  for (const Placement& placement : stage.placements) ranks = std::max(ranks, ranks_of_a_gpu(placement));
  const std::string sharing = ranks > 1 ? say(words_.ranks, fmt::arg("count", ranks)) : "";
  if (style_ == Style::plain) {
    const std::string where =
        parts.size() == 1 ? parts.begin()->path() : say(words_.parts, fmt::arg("count", parts.size()));
    terminal::err(
        "{}\n", say(words_.started, fmt::arg("at", stage.index + 1), fmt::arg("stages", plan_.stages.size()),
                    fmt::arg("check", title_of(stage)),
                    fmt::arg("attempt",
                             attempt > 1 ? say(words_.attempt, fmt::arg("attempt", attempt)) : std::string()),
                    fmt::arg("where", where + sharing), fmt::arg("left", time_left())));
  }
  last_draw_ = {};
  draw();
}

void Progress::part_progress(const Part& part, int rank, double fraction) {
  fractions_[{part, rank}] = std::clamp(fraction, 0.0, 1.0);
  draw();
}

void Progress::stage_ended(int failed_steps) {
  clear();
  if (style_ == Style::quiet || stage_ == nullptr) return;
  const double took = std::chrono::duration<double>(steady_clock::now() - stage_start_).count();
  if (style_ == Style::live || failed_steps > 0) {
    const std::string result =
        failed_steps == 0 ? words_.measured : say(words_.failed, fmt::arg("count", failed_steps));
    terminal::err("{}\n", say(words_.ended, fmt::arg("at", stage_->index + 1),
                              fmt::arg("stages", plan_.stages.size()), fmt::arg("check", title_of(*stage_)),
                              fmt::arg("result", result), fmt::arg("seconds", took)));
  }
  stage_ = nullptr;
}

void Progress::note(const std::string& text) {
  if (style_ == Style::quiet) return;
  clear();
  terminal::err("{}\n", text);
}

std::string Progress::time_left() const {
  return duration_text(words_, seconds_left()) + (plan_.simulated ? words_.simulated : "");
}

double Progress::seconds_left() const {
  double left = 0;
  for (const Stage& stage : plan_.stages) {
    if (stage_ != nullptr && stage.index > stage_->index) left += stage.estimate_s;
  }
  if (stage_ == nullptr) return left;
  double slowest = 1;
  for (const auto& [part, fraction] : fractions_) slowest = std::min(slowest, fraction);
  return left + stage_->estimate_s * (1 - slowest);
}

void Progress::draw() {
  if (style_ != Style::live || stage_ == nullptr) return;
  const auto now = steady_clock::now();
  if (now - last_draw_ < kRedrawInterval) return;
  last_draw_ = now;
  double slowest = 1;
  for (const auto& [part, fraction] : fractions_) slowest = std::min(slowest, fraction);
  constexpr int kBarWidth = 20;
  const int filled = static_cast<int>(slowest * kBarWidth);
  const std::string bar = "[" + std::string(static_cast<std::size_t>(filled), '#') +
                          std::string(static_cast<std::size_t>(kBarWidth - filled), '.') + "]";
  terminal::err("\r\033[K{}",
                say(words_.drawn, fmt::arg("at", stage_->index + 1), fmt::arg("stages", plan_.stages.size()),
                    fmt::arg("check", title_of(*stage_)), fmt::arg("bar", bar),
                    fmt::arg("percent", slowest * 100), fmt::arg("left", time_left())));
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) terminal::err("\r\033[K");
  drawn_ = false;
}

}  // namespace assay::run
