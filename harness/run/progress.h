// Progress for the person who waits: a live line on a terminal, plain lines elsewhere, nothing when quiet.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "harness/model/plan.h"
#include "harness/run/progress_words.h"

namespace assay::run {

class Progress {
 public:
  enum class Style { live, plain, quiet };
  /// Live when standard error is a terminal, plain otherwise.
  static Style automatic();

  /// `language`: "en" or "zh-CN".
  Progress(const Plan& plan, Style style, std::string_view language = "en")
      : plan_(plan), style_(style), words_(progress_words(language)) {}
  ~Progress();

  /// `attempt` above 1: a repeat.
  void stage_started(const Stage& stage, int attempt);
  /// 0 to 1, of one part, and of one of the ranks there; the stage is as far as the slowest.
  void part_progress(const Part& part, int rank, double fraction);
  void stage_ended(int failed_steps);
  void note(const std::string& text);

 private:
  void draw();
  void clear();
  double seconds_left() const;
  std::string time_left() const;

  const Plan& plan_;
  Style style_;
  const ProgressWords& words_;
  const Stage* stage_ = nullptr;
  int attempt_ = 1;
  std::map<std::pair<Part, int>, double> fractions_;  // by part and rank
  std::chrono::steady_clock::time_point stage_start_, last_draw_;
  bool drawn_ = false;
};

}  // namespace assay::run
