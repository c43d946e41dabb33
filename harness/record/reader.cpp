#include "harness/record/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "harness/base/machine_refused.h"
#include "harness/base/parse_json.h"
#include "harness/model/content_hash.h"
#include "harness/model/schema.h"
#include "harness/model/values.h"
#include "harness/record/artifacts.h"
#include "harness/record/simulation_traces.h"

namespace assay::record {
namespace {

using nlohmann::json;

std::string text_at(const json& j, const char* key) {
  return j.value(key, std::string());
}

bool starts_with(const std::string& text, const char* prefix) {
  return text.rfind(prefix, 0) == 0;
}

Status status_from(const std::string& text) {
  for (const Status status : {Status::complete, Status::error, Status::skip}) {
    if (status_text(status) == text) return status;
  }
  throw std::invalid_argument("unknown status '" + text + "'");
}

Part part_from(const json& artifact) {
  const auto id = artifact.find("hardwareInfoId");
  if (id == artifact.end()) return artifact.at("metadata").at("part").get<Part>();
  const auto unit = id->get<Part>();
  const auto subcomponent = artifact.find("subcomponent");
  return subcomponent == artifact.end() ? unit : unit.below(subcomponent->at("name").get<std::string>());
}

/// Its name in the run's folder.
std::string attachment_from(const json& file) {
  std::string name = file.at("uri").get<std::string>();
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
    throw std::invalid_argument("a file outside of the run's folder: " + name);
  return name;
}

Measurement measurement_from(const json& content) {
  Measurement measurement;
  content.at("name").get_to(measurement.name);
  measurement.unit = text_at(content, "unit");
  measurement.value = value_from_json(content.at("value"), measurement.unit);
  measurement.part = part_from(content);
  measurement.source = "check";
  const auto metadata = content.find("metadata");
  if (metadata != content.end()) measurement.source = metadata->value("source", measurement.source);
  return measurement;
}

Error run_error_from(const json& content) {
  Error error;
  content.at("symptom").get_to(error.symptom);
  error.message = text_at(content, "message");
  const auto colon = error.message.find(": ");
  if (colon == std::string::npos) return error;
  const std::string prefix = error.message.substr(0, colon);
  if (prefix != kRunPrefix && !Part(prefix).is_valid()) return error;
  error.message.erase(0, colon + 2);
  if (prefix != kRunPrefix) error.part = prefix;
  return error;
}

class Parser {
 public:
  void line(const json& line, std::size_t begin);
  RunRecord finish(std::size_t valid_bytes, bool torn);

 private:
  void header(const json& line);
  void run_artifact(const json& artifact, const std::string& time);
  void run_start(const json& content);
  void run_log(const std::string& severity, const std::string& message);
  void note_traces(const json& start);
  void step_artifact(const json& artifact, const std::string& time, std::size_t begin);
  void judgement_artifact(const json& artifact);
  void start_step(const std::string& id, const json& content, const std::string& time);
  void extension(Step& step, const json& content);

  RunRecord run_;
  std::int64_t sequence_ = 0;
  bool have_schema_ = false, have_start_ = false;
  std::string* in_chinese_ = nullptr;  // of the run's latest error or warning, until something else is read
  std::map<std::string, std::size_t> step_index_;
  bool step_awaits_extension_ = false;
  std::size_t step_begin_ = 0;  // of the line that started the latest step
  SimulationTraces traces_;
  RecordedJudgement judgement_;
  std::string judgement_plan_hash_;
  bool judgement_ended_ = false;
  std::string judgement_id_;
  std::size_t judgement_begin_ = 0;
  std::int64_t judgement_sequence_ = 0;
};

void Parser::line(const json& line, std::size_t begin) {
  const std::int64_t sequence = int64_from(line.at("sequenceNumber"));
  if (sequence != sequence_) {
    throw std::invalid_argument("sequenceNumber is " + std::to_string(sequence) + " where " +
                                std::to_string(sequence_) + " should follow");
  }
  const auto time = line.at("timestamp").get<std::string>();
  if (!have_schema_) {
    header(line);
  } else if (run_.closed) {
    throw std::invalid_argument("a record after testRunEnd");
  } else if (line.contains("testRunArtifact")) {
    run_artifact(line.at("testRunArtifact"), time);
  } else {
    step_artifact(line.at("testStepArtifact"), time, begin);
  }
  ++sequence_;
}

void Parser::header(const json& line) {
  const auto version = line.find("schemaVersion");
  if (version == line.end() || *version != schema_version()) {
    throw std::invalid_argument("these are no OCP Test & Validation 2.0 records");
  }
  have_schema_ = true;
}

void Parser::run_artifact(const json& artifact, const std::string& time) {
  if (artifact.contains("testRunStart")) {
    if (have_start_) throw std::invalid_argument("a second testRunStart");
    run_start(artifact.at("testRunStart"));
    run_.started = time;
    have_start_ = true;
    return;
  }
  if (!have_start_) throw std::invalid_argument("no testRunStart before this record");
  if (artifact.contains("log")) {
    return run_log(text_at(artifact.at("log"), "severity"), text_at(artifact.at("log"), "message"));
  }
  if (artifact.contains("testRunEnd")) {
    for (const Step& step : run_.steps) {
      if (step.status == Status::open)
        throw std::invalid_argument("testRunEnd while step " + step.id + " is open");
    }
    if (!judgement_ended_) throw std::invalid_argument("testRunEnd without a judgement");
    status_from(artifact.at("testRunEnd").at("status").get<std::string>());
    judgement_.result = artifact.at("testRunEnd").at("result").get<std::string>();
    if (judgement_.criteria_hash != run_.criteria_hash || judgement_plan_hash_ != run_.plan_hash)
      run_.doubts.push_back(
          "the run was closed with another plan or other criteria than it was started with");
    run_.judgement = std::move(judgement_);
    run_.ended = time;
    run_.closed = true;
    return;
  }
  if (!judgement_id_.empty()) throw std::invalid_argument("an error after the judgement");
  run_.errors.push_back(run_error_from(artifact.at("error")));
  in_chinese_ = &run_.errors.back().chinese;
}

void Parser::run_log(const std::string& severity, const std::string& message) {
  std::string* const last = std::exchange(in_chinese_, nullptr);
  const std::string_view prefix = kInChinese;
  if (severity == "WARNING") {
    run_.warnings.emplace_back(message);
    in_chinese_ = &run_.warnings.back().chinese;
  } else if (last != nullptr && message.compare(0, prefix.size(), prefix) == 0) {
    *last = message.substr(prefix.size());
  }
}

void Parser::run_start(const json& content) {
  schema_of(content.at("metadata"), kSchemaOfExtensions);
  const json& parameters = content.at("parameters");
  run_.plan = parameters.at("plan").get<Plan>();
  run_.plan_hash = parameters.at("plan_hash").get<std::string>();
  if (content_hash(parameters.at("plan")) != run_.plan_hash) {
    throw std::invalid_argument("the plan is not the one that plan_hash was made of");
  }
  parameters.at("criteria_hash").get_to(run_.criteria_hash);
  run_.language = parameters.value("language", run_.language);
  for (const json& mark : parameters.at("counters")) run_.marks.push_back(counter_mark_from(mark));
  content.at("version").get_to(run_.version);
  content.at("commandLine").get_to(run_.command_line);
  const json& dut = content.at("dutInfo");
  run_.node_name = text_at(dut, "name");
  for (const json& item : dut.value("hardwareInfos", json::array())) {
    run_.hardware.push_back({item.at("hardwareInfoId").get<std::string>(), item.at("name").get<std::string>(),
                             text_at(item, "serialNumber"), text_at(item, "partNumber"),
                             text_at(item, "location")});
  }
  for (const json& item : dut.value("softwareInfos", json::array())) {
    run_.software.push_back({item.at("softwareInfoId").get<std::string>(), item.at("name").get<std::string>(),
                             text_at(item, "version")});
    if (run_.software.back().id == "driver") run_.driver_version = run_.software.back().version;
  }
  note_traces(content);
  for (const PlannedSlot& slot : run_.plan.slots) {
    const auto described = std::find_if(run_.hardware.begin(), run_.hardware.end(),
                                        [&](const Hardware& hardware) { return hardware.id == slot.part; });
    if (described == run_.hardware.end() || described->serial != slot.serial)
      run_.doubts.push_back(fmt::format("the serial number of {} is not the plan's", slot.part));
  }
}

void Parser::note_traces(const json& start) {
  traces_.add("the plan", run_.plan.simulated);
  traces_.add("the plan's node", starts_with(run_.plan.node, "sim:"));
  if (!run_.plan.faults.empty()) traces_.add("the plan's faults", true);
  traces_.add("the run's name", start.at("name") != "assay");
  for (const json* described : {&start, &start.at("dutInfo")}) {
    traces_.add("the metadata", described->at("metadata").at("simulated").get<bool>());
  }
  if (run_.node_name == kSimulatedNodeName) traces_.add("the node's name", true);
  for (const char* typed : {"--node sim:", "--node=sim:"}) {
    if (run_.command_line.find(typed) != std::string::npos) traces_.add("the command line", true);
  }
}

void Parser::step_artifact(const json& artifact, const std::string& time, std::size_t begin) {
  if (!have_start_) throw std::invalid_argument("no testRunStart before this record");
  const auto id = artifact.at("testStepId").get<std::string>();
  if (artifact.contains("testStepStart")) traces_.add("the step ids", starts_with(id, kSimulatedStepPrefix));
  if (artifact.contains("testStepStart") && artifact.at("testStepStart").at("name") == kJudgementStep) {
    if (!judgement_id_.empty()) throw std::invalid_argument("a second judgement");
    judgement_id_ = id;
    judgement_begin_ = begin;
    judgement_sequence_ = sequence_;
    return;
  }
  if (!judgement_id_.empty()) {
    if (id != judgement_id_) throw std::invalid_argument("a step after the judgement");
    return judgement_artifact(artifact);
  }
  if (artifact.contains("testStepStart")) {
    step_begin_ = begin;
    return start_step(id, artifact.at("testStepStart"), time);
  }
  const auto found = step_index_.find(id);
  if (found == step_index_.end()) throw std::invalid_argument("step " + id + " was not started");
  Step& step = run_.steps[found->second];
  if (step.status != Status::open) throw std::invalid_argument("step " + id + " has ended");
  if (artifact.contains("extension")) return extension(step, artifact.at("extension"));
  if (step_awaits_extension_)
    throw std::invalid_argument("step " + run_.steps.back().id + " lacks its assay.step");
  if (artifact.contains("measurement")) {
    step.measurements.push_back(measurement_from(artifact.at("measurement")));
  } else if (artifact.contains("error")) {
    const json& error = artifact.at("error");
    step.errors.push_back({error.at("symptom").get<std::string>(), text_at(error, "message"), {}, {}});
  } else if (artifact.contains("testStepEnd")) {
    step.status = status_from(artifact.at("testStepEnd").at("status").get<std::string>());
    step.ended = time;
  } else if (artifact.contains("file")) {
    run_.attachments.push_back(attachment_from(artifact.at("file")));
  } else if (!artifact.contains("log")) {
    throw std::invalid_argument("a step artifact of an unknown kind");
  }
}

void Parser::judgement_artifact(const json& artifact) {
  if (judgement_ended_) throw std::invalid_argument("the judgement has ended");
  if (artifact.contains("testStepEnd")) {
    if (judgement_.verdict.empty()) throw std::invalid_argument("a judgement without a verdict");
    judgement_ended_ = true;
    return;
  }
  if (!artifact.contains("extension")) return;
  const json& extension = artifact.at("extension");
  const json& content = extension.at("content");
  if (extension.at("name") == kFindingExtension) {
    judgement_.findings.push_back(content.at("severity").get<std::string>() + " " +
                                  content.at("code").get<std::string>() + "@" +
                                  content.at("part").get<std::string>());
  } else if (extension.at("name") == kVerdictExtension) {
    content.at("verdict").get_to(judgement_.verdict);
    content.at("criteria_hash").get_to(judgement_.criteria_hash);
    content.at("plan_hash").get_to(judgement_plan_hash_);
    traces_.add("the judgement", content.at("simulated").get<bool>());
  }
}

void Parser::start_step(const std::string& id, const json& content, const std::string& time) {
  if (step_awaits_extension_)
    throw std::invalid_argument("step " + run_.steps.back().id + " lacks its assay.step");
  if (!step_index_.emplace(id, run_.steps.size()).second)
    throw std::invalid_argument("step " + id + " started twice");
  Step step;
  step.id = id;
  step.check = content.at("name").get<std::string>();
  step.started = time;
  run_.steps.push_back(std::move(step));
  step_awaits_extension_ = true;
}

void Parser::extension(Step& step, const json& extension) {
  const auto name = extension.at("name").get<std::string>();
  const json& content = extension.at("content");
  if (name == kStepExtension) {
    if (!step_awaits_extension_) throw std::invalid_argument("a second assay.step");
    content.at("part").get_to(step.part);
    step.stage = int_from(content.at("stage"));
    step.attempt = int_from(content.at("attempt"));
    step.variant = text_at(content, "variant");
    step_awaits_extension_ = false;
  } else if (step_awaits_extension_) {
    throw std::invalid_argument("step " + step.id + " lacks its assay.step");
  } else if (name == kErrorExtension) {
    if (step.errors.empty() || step.errors.back().symptom != content.at("symptom").get<std::string>()) {
      throw std::invalid_argument("an assay.error without its error");
    }
    step.errors.back().part = text_at(content, "part");
    step.errors.back().ended = text_at(content, "ended");
    step.errors.back().chinese = text_at(content, "zh-CN");
  } else if (name == kEvidenceExtension) {
    step.evidence.push_back({content.at("name").get<std::string>(), content.at("content")});
  } else if (name == kCountersExtension) {
    run_.marks.push_back(counter_mark_from(content));
  }
}

RunRecord Parser::finish(std::size_t valid_bytes, bool torn) {
  run_.valid_bytes = valid_bytes;
  run_.next_sequence = sequence_;
  run_.torn = torn;
  run_.plan.simulated = traces_.simulated();
  if (const std::string doubt = traces_.contradiction(); !doubt.empty()) run_.doubts.push_back(doubt);
  if (step_awaits_extension_) {  // killed between the two lines that start a step: it never began
    run_.steps.pop_back();
    run_.valid_bytes = step_begin_;
    run_.next_sequence = sequence_ - 1;
    run_.torn = true;
  } else if (!judgement_id_.empty() && !run_.closed) {
    run_.valid_bytes = judgement_begin_;
    run_.next_sequence = judgement_sequence_;
  }
  return std::move(run_);
}

}  // namespace

RunRecord parse_records(std::string_view text) {
  Parser parser;
  std::size_t begin = 0;
  std::size_t number = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    ++number;
    try {
      parser.line(parse_json(text.substr(begin, end - begin)), begin);
    } catch (const RecordsError&) {
      throw;
    } catch (
        const std::exception& error) {  // malformed JSON, a missing key, a wrong type, our own objections
      throw RecordsError(number, error.what());
    }
    begin = end + 1;
  }
  if (number < 2) throw RecordsError(number + 1, "no schemaVersion and testRunStart: the run never began");
  return parser.finish(begin, begin < text.size());
}

RunRecord read_records(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw MachineRefused(path, errno);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) throw MachineRefused(path, EIO);
  return parse_records(text);
}

}  // namespace assay::record
