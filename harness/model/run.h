// A run's records as plain values: what record/reader.h makes of records.jsonl, and all that the judge sees.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/finding_code.h"
#include "harness/model/part.h"
#include "harness/model/phrase.h"
#include "harness/model/plan.h"
#include "harness/model/time.h"

namespace assay {

/// Numbers come as numbers; "NaN", "Infinity", "-Infinity" in the records come back as such doubles.
using Value = std::variant<double, std::string, bool>;

struct Measurement {
  std::string name;
  Value value;
  std::string unit;    // as written: the judge compares it with the declared one
  Part part;           // hardwareInfoId and subcomponent joined: "gpu3/hbm"
  std::string source;  // "check", or "telemetry" for counter deltas and state that the sampler read
};

/// An OCP error artifact. The symptom is a finding code.
struct Error {
  FindingCode symptom;
  std::string message;
  Part part;          // which part it happened on; empty: the step's own, or the run as a whole
  std::string ended;  // how a worker ended, where that is the error: "signal 11", "out of memory", "timeout"
  /// The message for a reader of Chinese, where whoever found the error has it.
  std::string chinese = {};

  static Error of(FindingCode symptom, const Phrase& message, Part part, std::string ended = {}) {
    return {std::move(symptom), message.english, std::move(part), std::move(ended),
            message.chinese == message.english ? std::string() : message.chinese};
  }
};

struct Evidence {
  std::string name;
  nlohmann::json content;
};

enum class Status { open, complete, error, skip };

/// "open", "complete", "error", "skip".
std::string_view name_of(Status status);

struct Step {
  std::string id;       // testStepId
  std::string check;    // testStepStart.name
  std::string variant;  // model/placement.h: Body
  Part part;
  int stage = 0;
  int attempt = 1;
  Status status = Status::open;  // open: no testStepEnd was written
  std::vector<Measurement> measurements;
  std::vector<Error> errors;
  std::vector<Evidence> evidence;
  std::string started, ended;  // RFC 3339
};

/// What a step is about: several attempts at one task are several steps.
struct Task {
  int stage = 0;
  std::string check, variant;
  Part part;

  friend auto operator<=>(const Task&, const Task&) = default;
};
Task task_of(const Step& step);
Task task_of(int stage, const Placement& placement, const Body& body);

/// Up to where one GPU's counters and kernel-log lines have been attributed to steps.
struct CounterMark {
  std::string pci_address;
  std::string boot;  // random(4)'s boot_id: counters and log positions of another boot mean nothing
  std::int64_t log_position = 0;  // kernel_log/kernel_log.h
  std::map<std::string, std::int64_t>
      counters;          // by the names in model/readings.h; what could not be read lacks
  Nanoseconds time = 0;  // when they were read; 0: not known

  friend bool operator==(const CounterMark&, const CounterMark&) = default;
};

/// What the run itself concluded when it was closed.
struct RecordedJudgement {
  std::string verdict;
  std::string criteria_hash;          // another one than the run's is a doubt
  std::string result;                 // testRunEnd's: "PASS", "FAIL", "NOT_APPLICABLE"
  std::vector<std::string> findings;  // "fail memory.slow@gpu3/hbm"
};

/// How OCP's dutInfo describes a part of the node.
struct Hardware {
  std::string id;  // "gpu3"
  std::string name, serial, part_number, location;
};

/// Software that the run depended on, as OCP's dutInfo describes it. `id` is "driver", "nvml", "cuda",
/// "assay", ...
struct Software {
  std::string id, name, version;
};

struct RunRecord {
  Plan plan;  // testRunStart.parameters.plan
  std::string plan_hash, criteria_hash, started, ended, command_line, version;
  std::string language = "en";            // that it spoke to whoever started it: "en" or "zh-CN"
  std::string node_name, driver_version;  // the version of the software with the id "driver"
  std::vector<Hardware> hardware;
  std::vector<Software> software;
  std::vector<Step> steps;                     // in order of their start; the `judgement` step is left out
  std::vector<Error> errors;                   // run-level
  std::vector<CounterMark> marks;              // in the order in which they were written
  std::vector<std::string> attachments;        // names of files in the run's folder
  std::optional<RecordedJudgement> judgement;  // of a closed run that was read back
  /// Why this run is no acceptance whatever was measured: it contradicts itself, or lacks what vouches for
  /// it.
  std::vector<Phrase> warnings;  // what the run said on its way, of no part that is judged
  std::vector<std::string> doubts;
  bool closed = false;          // testRunEnd was written
  bool torn = false;            // the last line was incomplete and was left out
  std::size_t valid_bytes = 0;  // length of the file's valid prefix
  std::int64_t next_sequence = 0;
};

}  // namespace assay
