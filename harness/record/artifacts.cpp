#include "harness/record/artifacts.h"

#include <stdexcept>
#include <utility>

#include "harness/model/content_hash.h"
#include "harness/model/values.h"

namespace assay::record {
namespace {

using nlohmann::json;

void set_unless_empty(json& j, const char* key, const std::string& text) {
  if (!text.empty()) j[key] = text;
}

json hardware_info(const Hardware& hardware) {
  json j = {{"hardwareInfoId", hardware.id}, {"name", hardware.name}};
  set_unless_empty(j, "serialNumber", hardware.serial);
  set_unless_empty(j, "partNumber", hardware.part_number);
  set_unless_empty(j, "location", hardware.location);
  return j;
}

json software_info(const Software& software) {
  const bool application = software.id == "assay";
  json j = {{"softwareInfoId", software.id},
            {"name", software.name},
            {"softwareType", application ? "APPLICATION" : "SYSTEM"}};
  set_unless_empty(j, "version", software.version);
  return j;
}

/// Nothing for limits that are no comparison with one constant, which is all that OCP's validators know.
const char* validator_type(LimitKind kind) {
  switch (kind) {
    case LimitKind::min:
      return "GREATER_THAN_OR_EQUAL";
    case LimitKind::max:
      return "LESS_THAN_OR_EQUAL";
    case LimitKind::equal:
      return "EQUAL";
    case LimitKind::one_of:
    case LimitKind::peer_equal:
    case LimitKind::peer_ratio:
    case LimitKind::peer_excess:
      return nullptr;
  }
  return nullptr;
}

json validators(const std::vector<Limit>& limits) {
  json array = json::array();
  for (const Limit& limit : limits) {
    const char* type = validator_type(limit.kind);
    if (type == nullptr) continue;
    json metadata = {{"unit", symbol(limit.unit)}, {"source", limit.source}, {"date", limit.date}};
    if (limit.marginal_bound) metadata["marginal_bound"] = *limit.marginal_bound;
    json bound = std::visit([](const auto& value) { return value_to_json(value); }, limit.bound);
    array.push_back({{"type", type}, {"value", std::move(bound)}, {"metadata", std::move(metadata)}});
  }
  return array;
}

const char* severity_text(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::debug:
      return "DEBUG";
    case LogSeverity::info:
      return "INFO";
    case LogSeverity::warning:
      return "WARNING";
    case LogSeverity::error:
      return "ERROR";
    case LogSeverity::fatal:
      return "FATAL";
  }
  return "ERROR";
}

}  // namespace

json schema_version() {
  return {{"major", 2}, {"minor", 0}};
}

json test_run_start(const RunStart& start) {
  const json plan = start.plan;
  json hardware = json::array();
  for (const Hardware& item : start.hardware) hardware.push_back(hardware_info(item));
  json software = json::array();
  for (const Software& item : start.software) software.push_back(software_info(item));
  json marks = json::array();
  for (const CounterMark& mark : start.marks) marks.push_back(counter_mark(mark));
  const json metadata = {{"simulated", start.plan.simulated}, {"schema", kSchemaOfExtensions}};
  return {{"name", start.plan.simulated ? "assay SIMULATED" : "assay"},
          {"version", start.version},
          {"commandLine", start.command_line},
          {"parameters",
           {{"plan", plan},
            {"plan_hash", content_hash(plan)},
            {"criteria_hash", start.criteria_hash},
            {"language", start.language},
            {"counters", std::move(marks)}}},
          {"dutInfo",
           {{"dutInfoId", "node"},
            {"name", start.node_name},
            {"hardwareInfos", std::move(hardware)},
            {"softwareInfos", std::move(software)},
            {"metadata", metadata}}},
          {"metadata", metadata}};
}

json extension(const char* name, json content) {
  return {{"extension", {{"name", name}, {"content", std::move(content)}}}};
}

bool set_part(json& artifact, const Part& part, const std::set<std::string>& hardware_ids) {
  const std::string unit = part.unit().path();
  if (hardware_ids.count(unit) == 0) return false;
  artifact["hardwareInfoId"] = unit;
  const std::string subcomponent = part.subcomponent();
  if (!subcomponent.empty()) artifact["subcomponent"] = {{"name", subcomponent}};
  return true;
}

json measurement_artifact(const Measurement& measurement, const std::vector<Limit>& limits,
                          const std::set<std::string>& hardware_ids) {
  json content = {{"name", measurement.name}, {"value", value_to_json(measurement.value)}};
  set_unless_empty(content, "unit", measurement.unit);
  if (json list = validators(limits); !list.empty()) content["validators"] = std::move(list);
  if (!set_part(content, measurement.part, hardware_ids)) content["metadata"]["part"] = measurement.part;
  if (measurement.source != "check") content["metadata"]["source"] = measurement.source;
  return {{"measurement", std::move(content)}};
}

json step_error_artifact(const Error& error) {
  json content = {{"symptom", error.symptom}};
  set_unless_empty(content, "message", error.message);
  return {{"error", std::move(content)}};
}

json run_error_artifact(const Error& error) {
  const std::string prefix = error.part.empty() ? kRunPrefix : error.part.path();
  std::string message = prefix + ": " + error.message;
  if (!error.ended.empty()) message += " (" + error.ended + ")";
  return {{"error", {{"symptom", error.symptom}, {"message", std::move(message)}}}};
}

json log_artifact(LogSeverity severity, const std::string& message) {
  return {{"log", {{"severity", severity_text(severity)}, {"message", message}}}};
}

json file_artifact(const File& file) {
  json content = {{"displayName", file.display_name}, {"uri", file.uri}, {"isSnapshot", file.is_snapshot}};
  set_unless_empty(content, "description", file.description);
  set_unless_empty(content, "contentType", file.content_type);
  return {{"file", std::move(content)}};
}

std::string status_text(Status status) {
  switch (status) {
    case Status::complete:
      return "COMPLETE";
    case Status::error:
      return "ERROR";
    case Status::skip:
      return "SKIP";
    case Status::open:
      break;
  }
  throw std::logic_error("an open step has no OCP status");
}

bool is_allowed(Status status, Result result) {
  if (status == Status::open) return false;
  return (status == Status::complete) == (result != Result::not_applicable);
}

}  // namespace assay::record
