#include "harness/model/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/base/hex.h"
#include "harness/base/parse_json.h"
#include "harness/model/schema.h"

namespace assay {
namespace {

using nlohmann::json;

template <typename T, typename Convert>
json array_of(const std::vector<T>& items, Convert convert) {
  json array = json::array();
  for (const T& item : items) array.push_back(convert(item));
  return array;
}

template <typename Convert>
auto vector_of(const json& array, Convert convert) {
  std::vector<decltype(convert(array))> items;
  for (const json& item : array) items.push_back(convert(item));
  return items;
}

/// As hexadecimal text: a JSON number beyond 2^53 does not survive most readers.
std::string seed_text(std::uint64_t seed) {
  return fmt::format("{:#018x}", seed);
}

json slot_json(const PlannedSlot& slot) {
  return {{"part", slot.part},     {"module_id", slot.module_id},
          {"serial", slot.serial}, {"pci_address", slot.pci_address},
          {"uuid", slot.uuid},     {"board_part_number", slot.board_part_number},
          {"name", slot.name}};
}

PlannedSlot slot_from(const json& j) {
  PlannedSlot slot;
  j.at("part").get_to(slot.part);
  slot.module_id = int_from(j.at("module_id"));
  j.at("pci_address").get_to(slot.pci_address);
  j.at("serial").get_to(slot.serial);
  j.at("uuid").get_to(slot.uuid);
  j.at("board_part_number").get_to(slot.board_part_number);
  j.at("name").get_to(slot.name);
  return slot;
}

/// Of what the body works at, with how many others.
json sharers_json(const Sharers& sharers) {
  json j = json::object();
  for (std::size_t i = 0; i < kResources; ++i) {
    if (sharers[i] > 0) j[std::string(name_of(static_cast<Resource>(i)))] = sharers[i];
  }
  return j;
}

Sharers sharers_from(const json& j) {
  Sharers sharers{};
  for (const auto& [name, bodies] : j.get<std::map<std::string, json>>()) {
    const auto resource = resource_named(name);
    const int number = int_from(bodies);
    if (!resource || number < 1) throw std::invalid_argument("sharers of " + name);
    sharers[static_cast<std::size_t>(*resource)] = number;
  }
  return sharers;
}

json body_json(const Body& body) {
  return {{"check", body.check},
          {"variant", body.variant},
          {"duration_s", body.duration_s},
          {"memory_share", body.memory_share},
          {"sharers", sharers_json(body.sharers)}};
}

Body body_from(const json& j) {
  Body body;
  j.at("check").get_to(body.check);
  j.at("variant").get_to(body.variant);
  j.at("duration_s").get_to(body.duration_s);
  j.at("memory_share").get_to(body.memory_share);
  if (j.contains("sharers")) body.sharers = sharers_from(j.at("sharers"));
  return body;
}

json condition_json(const Condition& condition) {
  return {{"findings", condition.findings}, {"of_accused", condition.of_accused}};
}

Condition condition_from(const json& j) {
  Condition condition;
  j.at("findings").get_to(condition.findings);
  j.at("of_accused").get_to(condition.of_accused);
  return condition;
}

json placement_json(const Placement& placement) {
  json j = {
      {"part", placement.part},
      {"bodies", array_of(placement.bodies, body_json)},
      {"participants", array_of(placement.participants, [](const Participant& p) { return p.devices; })},
      {"environment", placement.environment},
      {"last_stage", placement.last_stage}};
  if (placement.condition) j["condition"] = condition_json(*placement.condition);
  return j;
}

Placement placement_from(const json& j) {
  Placement placement;
  j.at("part").get_to(placement.part);
  placement.bodies = vector_of(j.at("bodies"), body_from);
  placement.participants = vector_of(j.at("participants"), [](const json& devices) {
    return Participant{devices.get<std::vector<Part>>()};
  });
  j.at("environment").get_to(placement.environment);
  placement.last_stage = int_from(j.at("last_stage"));
  if (j.contains("condition")) placement.condition = condition_from(j.at("condition"));
  if (placement.bodies.empty() || placement.participants.empty())
    throw std::invalid_argument("a placement without bodies or participants");
  return placement;
}

json stage_json(const Stage& stage) {
  return {{"index", stage.index},
          {"group", stage.group},
          {"placements", array_of(stage.placements, placement_json)},
          {"estimate_s", stage.estimate_s},
          {"energy_j", stage.energy_j},
          {"deadline_s", stage.deadline_s}};
}

/// Schema 1 knew one check a stage, its scope and its parts.
std::vector<Placement> placements_from_scope(const json& j) {
  const Body body{j.at("check").get<std::string>(), "", j.at("duration_s").get<double>(), 1};
  const auto scope = j.at("scope").get<std::string>();
  const auto parts = j.at("parts").get<std::vector<Part>>();
  const int index = int_from(j.at("index"));
  Placement placement{"node", {body}, {}, {}, index, std::nullopt};
  if (scope == "node") {
    placement.participants = {{}};
    return {placement};
  }
  if (scope == "ranks") {
    for (const Part& part : parts) placement.participants.push_back({{part}});
    return {placement};
  }
  if (scope != "gpu" && scope != "gpu_serial") throw std::invalid_argument("unknown scope '" + scope + "'");
  std::vector<Placement> placements;
  for (const Part& part : parts) placements.push_back({part, {body}, {{{part}}}, {}, index, std::nullopt});
  return placements;
}

Stage stage_from(const json& j) {
  Stage stage;
  stage.index = int_from(j.at("index"));
  stage.group = j.contains("group") ? int_from(j.at("group")) : stage.index;
  stage.placements =
      j.contains("scope") ? placements_from_scope(j) : vector_of(j.at("placements"), placement_from);
  j.at("estimate_s").get_to(stage.estimate_s);
  stage.energy_j = j.value("energy_j", 0.0);
  j.at("deadline_s").get_to(stage.deadline_s);
  return stage;
}

json fault_json(const PlantedFault& fault) {
  return {{"name", fault.name}, {"kind", fault.kind}, {"part", fault.part}, {"parameters", fault.parameters}};
}

PlantedFault fault_from(const json& j) {
  PlantedFault fault;
  j.at("name").get_to(fault.name);
  j.at("kind").get_to(fault.kind);
  j.at("part").get_to(fault.part);
  fault.parameters = j.at("parameters");
  return fault;
}

}  // namespace

std::string step_id(const Plan& plan, int stage, const Body& body, const Part& part, int attempt) {
  return fmt::format("{}{:02}-{}{}-{}{}", plan.simulated ? kSimulatedStepPrefix : "", stage, body.check,
                     body.variant.empty() ? "" : "." + body.variant, part,
                     attempt > 1 ? fmt::format("-a{}", attempt) : "");
}

int group_of(const Plan& plan, int stage) {
  for (const Stage& planned : plan.stages) {
    if (planned.index == stage) return planned.group;
  }
  return stage;
}

const PlannedSlot* slot_of(const Plan& plan, const Part& part) {
  const auto found =
      std::find_if(plan.slots.begin(), plan.slots.end(),
                   [unit = part.unit()](const PlannedSlot& slot) { return slot.part == unit; });
  return found == plan.slots.end() ? nullptr : &*found;
}

std::string title_of(const Stage& stage) {
  std::string title;
  if (stage.placements.empty()) return title;
  for (const Body& body : stage.placements.front().bodies) {
    title += (title.empty() ? "" : " + ") + body.check + (body.variant.empty() ? "" : "." + body.variant);
  }
  return title;
}

void to_json(json& j, const Settling& settling) {
  j = {{"most_s", settling.most_s}, {"looks", settling.looks}};
}

void from_json(const json& j, Settling& settling) {
  j.at("most_s").get_to(settling.most_s);
  j.at("looks").get_to(settling.looks);
}

void to_json(json& j, const Plan& plan) {
  j = {{"schema", kPlanSchema},
       {"assay_version", plan.assay_version},
       {"sku", plan.sku},
       {"profile", plan.profile},
       {"node", plan.node},
       {"simulated", plan.simulated},
       {"certifiable", plan.certifiable},
       {"partial", plan.partial},
       {"seed", seed_text(plan.seed)},
       {"sample_hz", plan.sample_hz},
       {"idle_timeout_s", plan.idle_timeout_s},
       {"slots", array_of(plan.slots, slot_json)},
       {"stages", array_of(plan.stages, stage_json)},
       {"faults", array_of(plan.faults, fault_json)}};
  // Plans of before are known by what they say without it.
  if (plan.settling.looks > 0) j["settling"] = plan.settling;
}

void from_json(const json& j, Plan& plan) {
  plan.schema = schema_of(j, kPlanSchema);
  j.at("assay_version").get_to(plan.assay_version);
  j.at("sku").get_to(plan.sku);
  j.at("profile").get_to(plan.profile);
  j.at("node").get_to(plan.node);
  j.at("simulated").get_to(plan.simulated);
  j.at("certifiable").get_to(plan.certifiable);
  j.at("partial").get_to(plan.partial);
  plan.seed = number_from_hex(j.at("seed").get<std::string>());
  j.at("sample_hz").get_to(plan.sample_hz);
  j.at("idle_timeout_s").get_to(plan.idle_timeout_s);
  if (j.contains("settling")) j.at("settling").get_to(plan.settling);
  plan.slots = vector_of(j.at("slots"), slot_from);
  plan.stages = vector_of(j.at("stages"), stage_from);
  plan.faults = vector_of(j.at("faults"), fault_from);
}

}  // namespace assay
