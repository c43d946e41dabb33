// The built binary, driven as a user drives it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/testing/scratch_folder.h"

namespace assay::testing_tools {

struct Finished {
  int exit_code = -1;  // -1: ended by a signal
  std::string out, err;
};

/// The only run folder in `out`. Fails the test when there is none or several.
std::string only_run(const ScratchFolder& scratch, const std::string& out = "out");

/// A started process, for tests that kill it or its children half-way.
class Running {
 public:
  /// `in_child` is called in the child before it becomes assay: to take rights, room or its output from it.
  Running(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
          const std::function<void()>& in_child = {}, const std::string& binary = ASSAY_BINARY);
  pid_t pid() const { return pid_; }
  /// Children of the process whose command line has this word ("__worker", "__sampler").
  std::vector<pid_t> children(const std::string& word) const;
  /// Waits until `condition` holds, at most 20 s. False when it never did.
  template <typename Condition>
  static bool wait_for(Condition condition) {
    for (int i = 0; i < 4000; ++i) {
      if (condition()) return true;
      pause();
    }
    return false;
  }
  Finished wait();

 private:
  static void pause();
  std::string out_, err_;
  pid_t pid_;
};

/// Runs `assay ARGUMENTS` to its end, in the source folder.
Finished assay(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
               const std::function<void()>& in_child = {}, const std::string& binary = ASSAY_BINARY);

/// `assay run` of the simulated 8 x H200 with the quick profile into scratch/out, with these further
/// arguments.
Finished run_simulated(const ScratchFolder& scratch, const std::vector<std::string>& arguments = {},
                       const std::string& out = "out");

/// A profile of one self-test alone. Its path.
std::string selftest_profile(const ScratchFolder& scratch, const std::string& check,
                             const std::string& deadline);

/// A file for --limits: copy_bandwidth's "min" or "max". Its path.
std::string copy_bandwidth_limit(const ScratchFolder& scratch, const std::string& kind,
                                 const std::string& bound);

/// `assay judge RUN --json`.
nlohmann::json judge(const ScratchFolder& scratch, const std::string& run);

/// The findings of a judgement as "code@part", sorted: what it accuses.
std::vector<std::string> accusations(const nlohmann::json& judgement);

/// Lines of a run's records.jsonl.
std::vector<nlohmann::json> records(const std::string& run);

std::string read_text(const std::string& path);

}  // namespace assay::testing_tools
