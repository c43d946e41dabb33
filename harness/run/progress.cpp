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

std::string duration_text(double seconds) {
  const auto whole = std::lround(seconds);
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
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
  const std::string sharing = ranks > 1 ? fmt::format(" ({} ranks, functional only)", ranks) : "";
  if (style_ == Style::plain) {
    terminal::err(
        "[{}/{}] {}{} on {} - about {} left{}\n", stage.index + 1, plan_.stages.size(), title_of(stage),
        attempt > 1 ? fmt::format(", attempt {}", attempt) : "",
        (parts.size() == 1 ? parts.begin()->path() : fmt::format("{} parts", parts.size())) + sharing,
        duration_text(seconds_left()), plan_.simulated ? " of simulated time" : "");
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
    terminal::err("[{}/{}] {}: {} in {:.1f} s\n", stage_->index + 1, plan_.stages.size(), title_of(*stage_),
                  failed_steps == 0 ? "measured" : fmt::format("{} step(s) did not complete", failed_steps),
                  took);
  }
  stage_ = nullptr;
}

void Progress::note(const std::string& text) {
  if (style_ == Style::quiet) return;
  clear();
  terminal::err("{}\n", text);
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
  const std::string bar = std::string(static_cast<std::size_t>(filled), '#') +
                          std::string(static_cast<std::size_t>(kBarWidth - filled), '.');
  terminal::err("\r\033[K[{}/{}] {} [{}] {:3.0f} %  about {} left{}", stage_->index + 1, plan_.stages.size(),
                title_of(*stage_), bar, slowest * 100, duration_text(seconds_left()),
                plan_.simulated ? " (simulated time)" : "");
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) terminal::err("\r\033[K");
  drawn_ = false;
}

}  // namespace assay::run
