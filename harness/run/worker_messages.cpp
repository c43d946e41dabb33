#include "harness/run/worker_messages.h"

#include <algorithm>

#include "harness/base/parse_json.h"

namespace assay::run {
namespace {

using nlohmann::json;

/// Half of what a record may nest: the record wraps it (base/parse_json.h).
constexpr int kDeepestEvidence = kMaxJsonDepth / 2;

bool nests_within(const json& j, int depth) {
  if (!j.is_structured()) return true;
  return depth > 0 &&
         std::all_of(j.begin(), j.end(), [&](const json& item) { return nests_within(item, depth - 1); });
}

}  // namespace

Measurement measurement_from(const json& m) {
  Measurement result;
  m.at("name").get_to(result.name);
  m.at("unit").get_to(result.unit);
  m.at("part").get_to(result.part);
  result.source = "check";
  const json& value = m.at("value");
  if (value.is_number()) {
    result.value = value.get<double>();
  } else {
    result.value = value.get<std::string>();
  }
  if (!result.part.is_valid()) throw ipc::ProtocolError("a measurement of part '" + result.part.path() + "'");
  return result;
}

Evidence evidence_from(const json& evidence) {
  if (!nests_within(evidence.at("content"), kDeepestEvidence))
    throw ipc::ProtocolError("evidence that nests too deep");
  return {evidence.at("name").get<std::string>(), evidence.at("content")};
}

OpenStep& step_of(Crew& crew, const json& message) {
  const auto body = message.find("body");
  const int index = body == message.end() ? 0 : int_from(*body);
  if (index < 0 || static_cast<std::size_t>(index) >= crew.steps.size())
    throw ipc::ProtocolError("a message of body " + std::to_string(index));
  return crew.steps[static_cast<std::size_t>(index)];
}

Part part_of(const Crew& crew, const WorkerHandle& worker, const json& error) {
  const auto named = error.find("part");
  if (named == error.end()) return worker.part();
  auto part = named->get<Part>();
  const std::vector<Part> gpus = gpus_of(*crew.placement);
  if (std::find(gpus.begin(), gpus.end(), part) == gpus.end() && part != crew.placement->part)
    throw ipc::ProtocolError("an error of '" + part.path() + "', which is none of the placement's devices");
  return part;
}

}  // namespace assay::run
