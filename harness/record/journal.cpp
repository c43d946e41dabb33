#include "harness/record/journal.h"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>
#include <utility>

#include "harness/model/time.h"
#include "harness/model/values.h"
#include "harness/record/artifacts.h"

namespace assay::record {

using nlohmann::json;

Journal Journal::create(const std::string& path, Now now) {
  return Journal(AppendFile::create(path), std::move(now));
}

Journal Journal::append(const std::string& path, const RunRecord& existing, Now now) {
  if (existing.closed) throw JournalError(path + ": the run is closed; nothing can be added to it");
  Journal journal(AppendFile::open(path, existing.valid_bytes), std::move(now));
  journal.phase_ = Phase::running;
  journal.sequence_ = existing.next_sequence;
  journal.simulated_ = existing.plan.simulated;
  for (const Hardware& hardware : existing.hardware) journal.hardware_ids_.insert(hardware.id);
  for (const Step& step : existing.steps) journal.steps_[step.id] = step.status == Status::open;
  return journal;
}

void Journal::run_start(const RunStart& start) {
  if (phase_ != Phase::before_start) throw std::logic_error("a run starts once");
  simulated_ = start.plan.simulated;
  for (const Hardware& hardware : start.hardware) hardware_ids_.insert(hardware.id);
  add_line("schemaVersion", schema_version());
  add_line("testRunArtifact", {{"testRunStart", test_run_start(start)}});
  flush();
  phase_ = Phase::running;
}

void Journal::step_start(const Step& step) {
  expect_running();
  if (!steps_.emplace(step.id, true).second)
    throw std::logic_error("step " + step.id + " was started before");
  json content = {{"part", step.part}, {"stage", step.stage}, {"attempt", step.attempt}};
  if (!step.variant.empty()) content["variant"] = step.variant;
  write_step(step.id, {{"testStepStart", {{"name", step.check}}}},
             extension(kStepExtension, std::move(content)));
}

void Journal::measurement(const std::string& step, const Measurement& measurement,
                          const std::vector<Limit>& limits) {
  expect_open(step);
  write_step(step, measurement_artifact(measurement, limits, hardware_ids_));
}

void Journal::error(const std::string& step, const Error& error) {
  expect_open(step);
  if (error.part.empty() && error.ended.empty() && error.chinese.empty())
    return write_step(step, step_error_artifact(error));
  json content = {{"symptom", error.symptom}};
  if (!error.part.empty()) content["part"] = error.part;
  if (!error.ended.empty()) content["ended"] = error.ended;
  if (!error.chinese.empty()) content["zh-CN"] = error.chinese;
  write_step(step, step_error_artifact(error), extension(kErrorExtension, std::move(content)));
}

void Journal::evidence(const std::string& step, const Evidence& evidence) {
  expect_open(step);
  write_step(step, extension(kEvidenceExtension,
                             {{"name", evidence.name}, {"content", portable(evidence.content)}}));
}

void Journal::log(const std::string& step, LogSeverity severity, const std::string& message) {
  expect_open(step);
  write_step(step, log_artifact(severity, message));
}

void Journal::file(const std::string& step, const File& file) {
  expect_open(step);
  write_step(step, file_artifact(file));
}

void Journal::mark(const std::string& step, const CounterMark& mark) {
  expect_open(step);
  write_step(step, extension(kCountersExtension, counter_mark(mark)));
}

void Journal::step_end(const std::string& step, Status status) {
  expect_open(step);
  write_step(step, {{"testStepEnd", {{"status", status_text(status)}}}});
  steps_[step] = false;
}

void Journal::run_error(const Error& error) {
  expect_running();
  write_run(run_error_artifact(error));
  if (!error.chinese.empty()) write_run(log_artifact(LogSeverity::debug, kInChinese + error.chinese));
}

void Journal::run_log(LogSeverity severity, const Phrase& message) {
  expect_unclosed();
  write_run(log_artifact(severity, message.english));
  if (message.chinese != message.english)
    write_run(log_artifact(LogSeverity::debug, kInChinese + message.chinese));
}

void Journal::run_end(Status status, Result result) {
  expect_unclosed();
  if (phase_ != Phase::judged) throw std::logic_error("the run cannot end: it is not judged");
  if (!is_allowed(status, result)) throw std::logic_error("OCP allows no such pair of status and result");
  write_run({{"testRunEnd", {{"status", status_text(status)}, {"result", ocp_name_of(result)}}}});
  phase_ = Phase::closed;
}

void Journal::write_run(const json& artifact) {
  add_line("testRunArtifact", artifact);
  flush();
}

void Journal::write_step(const std::string& step, json artifact) {
  artifact["testStepId"] = step;
  add_line("testStepArtifact", artifact);
  flush();
}

void Journal::write_step(const std::string& step, json artifact, json extension) {
  artifact["testStepId"] = step;
  extension["testStepId"] = step;
  add_line("testStepArtifact", artifact);
  add_line("testStepArtifact", extension);
  flush();
}

void Journal::add_line(const char* kind, const json& content) {
  fmt::format_to(std::back_inserter(lines_), R"({{"sequenceNumber":{},"timestamp":"{}","{}":)", sequence_++,
                 rfc3339(now_()), kind);
  lines_ += content.dump(-1, ' ', false, json::error_handler_t::replace);
  lines_ += "}\n";
}

void Journal::at_once(const std::function<void()>& write) {
  gathering_ = true;
  try {
    write();
  } catch (...) {
    gathering_ = false;
    throw;
  }
  gathering_ = false;
  flush();
}

void Journal::flush() {
  if (gathering_) return;
  file_.write(lines_);
  lines_.clear();
}

void Journal::expect_unclosed() const {
  if (phase_ == Phase::before_start) throw std::logic_error("the run has not started");
  if (phase_ == Phase::closed) throw std::logic_error("the run is closed");
}

void Journal::expect_running() const {
  expect_unclosed();
  if (phase_ == Phase::judged) throw std::logic_error("the run is judged");
}

void Journal::expect_open(const std::string& step) const {
  expect_running();
  const auto found = steps_.find(step);
  if (found == steps_.end()) throw std::logic_error("step " + step + " has not started");
  if (!found->second) throw std::logic_error("step " + step + " has ended");
}

}  // namespace assay::record
