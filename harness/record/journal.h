// Writes a run's records.jsonl: OCP Test & Validation 2.0, one artifact a line. It is the journal, the
// archive and the interface at once, so every line reaches the file before the call returns: a killed process
// loses nothing.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/model/criteria.h"
#include "harness/model/judgement.h"
#include "harness/model/run.h"
#include "harness/model/time.h"
#include "harness/record/append_file.h"

namespace assay::record {

/// Name of the step that holds the judge's findings. The reader leaves it out: a run is judged from its
/// measurements.
inline constexpr const char* kJudgementStep = "judgement";

/// What testRunStart says of the run beside its plan.
struct RunStart {
  Plan plan;
  std::string criteria_hash, version, command_line, node_name;
  std::vector<Hardware> hardware;  // every slot and switch that measurements can belong to
  std::vector<Software> software;
  std::string language;            // that the run speaks: "en" or "zh-CN"
  std::vector<CounterMark> marks;  // where the deltas of the first steps start from
};

enum class LogSeverity { debug, info, warning, error, fatal };

struct File {
  std::string display_name, uri, description, content_type;
  bool is_snapshot = false;  // false: the whole file, written to its end
};

class Journal {
 public:
  /// The node's clock: virtual on a simulated node.
  using Now = std::function<Nanoseconds()>;

  /// A new file, which must not exist.
  static Journal create(const std::string& path, Now now);
  /// Goes on with a run that was read back: cuts a torn tail and continues the sequence. Steps that are still
  /// open can be ended, and nothing else of the past can be touched. A closed run cannot be continued.
  static Journal append(const std::string& path, const RunRecord& existing, Now now);

  void run_start(const RunStart& start);
  /// Of the step: who it is, not what it has measured.
  void step_start(const Step& step);
  /// `limits` are those that apply; the ones that an OCP validator can express are written beside the value.
  void measurement(const std::string& step, const Measurement& measurement,
                   const std::vector<Limit>& limits = {});
  void error(const std::string& step, const Error& error);
  /// Integers beyond 2^53 are written as hexadecimal text, NaN and infinities as text: JSON readers would
  /// bend them.
  void evidence(const std::string& step, const Evidence& evidence);
  void log(const std::string& step, LogSeverity severity, const std::string& message);
  void file(const std::string& step, const File& file);
  /// The counters and kernel events up to here are the step's: a run that goes on attributes what follows.
  void mark(const std::string& step, const CounterMark& mark);
  void step_end(const std::string& step, Status status);

  void run_error(const Error& error);
  void run_log(LogSeverity severity, const Phrase& message);
  /// The final step: a diagnosis and its extension per finding, a PASS per check that passed. After it comes
  /// run_end, and nothing that it did not see. Throws std::logic_error while steps are open.
  void judgement(const Judgement& judgement);
  /// Throws std::logic_error before the judgement, and for a pair that OCP does not allow.
  void run_end(Status status, Result result);

  /// What `write` writes reaches the file in one write: a kill hardly ever parts it.
  void at_once(const std::function<void()>& write);

  /// Returns when all that was written is on the disk. At step boundaries, not per record: that would cost
  /// 150 us each.
  void sync() { file_.sync(); }

 private:
  enum class Phase { before_start, running, judged, closed };

  Journal(AppendFile file, Now now) : file_(std::move(file)), now_(std::move(now)) {}

  void write_run(const nlohmann::json& artifact);
  void write_step(const std::string& step, nlohmann::json artifact);
  /// Both at once.
  void write_step(const std::string& step, nlohmann::json artifact, nlohmann::json extension);
  void add_line(const char* kind, const nlohmann::json& content);
  void flush();
  void expect_running() const;
  void expect_unclosed() const;
  void expect_open(const std::string& step) const;

  AppendFile file_;
  Now now_;
  Phase phase_ = Phase::before_start;
  std::int64_t sequence_ = 0;
  bool simulated_ = false;
  std::set<std::string> hardware_ids_;
  std::map<std::string, bool> steps_;  // by testStepId: is it open?
  std::string lines_;                  // built, not yet written
  bool gathering_ = false;             // at_once() is under way
};

}  // namespace assay::record
