// The command line: one file per verb.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace assay::cli {

/// Exit codes, everywhere. 1 is left to our own bugs: shells, srun and crashes say 1 too, so no verdict does.
enum Exit : int { accept = 0, bug = 1, usage = 2, reject = 10, inconclusive = 11 };

/// Why a verb does nothing, for people: one thing a line.
class Refusal : public std::runtime_error {
 public:
  explicit Refusal(const std::string& line) : Refusal(std::vector{line}) {}
  explicit Refusal(std::vector<std::string> lines)
      : std::runtime_error(lines.front()), lines_(std::move(lines)) {}
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;  // not empty
};

/// Wrong flag, file, key, unit, path: exit 2.
class UsageError : public Refusal {
 public:
  using Refusal::Refusal;
};

/// An acceptance that cannot succeed on this machine, and what is missing: exit 11.
class CannotRun : public Refusal {
 public:
  using Refusal::Refusal;
};

/// What runs when the verb was chosen.
using Action = std::function<int()>;

// Each adds its verb with its options, and sets `action` when that verb is parsed.
void add_run(CLI::App& app, Action& action);
void add_resume(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_coverage(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_log(CLI::App& app, Action& action);
void add_judge(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);

int main(int argc, char** argv);

}  // namespace assay::cli
