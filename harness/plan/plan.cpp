#include "harness/plan/plan.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "harness/parse_json.h"
#include "harness/sha256.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<Scope, std::string_view>, 4> kScopes{{
    {Scope::node, "node"},
    {Scope::gpu, "gpu"},
    {Scope::gpu_serial, "gpu_serial"},
    {Scope::ranks, "ranks"},
}};

Scope scope_from(const std::string& name) {
  for (const auto& [scope, text] : kScopes) {
    if (text == name) return scope;
  }
  throw std::invalid_argument("unknown scope '" + name + "'");
}

/// As hexadecimal text: a JSON number beyond 2^53 does not survive most readers.
std::string seed_text(std::uint64_t seed) {
  return fmt::format("{:#018x}", seed);
}

std::uint64_t seed_from(const std::string& text) {
  std::size_t used = 0;
  const std::uint64_t seed = std::stoull(text, &used, 16);
  if (used != text.size()) throw std::invalid_argument("'" + text + "' is no hexadecimal seed");
  return seed;
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

json stage_json(const Stage& stage) {
  return {{"index", stage.index},          {"check", stage.check},           {"scope", name_of(stage.scope)},
          {"parts", stage.parts},          {"duration_s", stage.duration_s}, {"estimate_s", stage.estimate_s},
          {"deadline_s", stage.deadline_s}};
}

Stage stage_from(const json& j) {
  Stage stage;
  stage.index = int_from(j.at("index"));
  j.at("check").get_to(stage.check);
  stage.scope = scope_from(j.at("scope").get<std::string>());
  j.at("parts").get_to(stage.parts);
  j.at("duration_s").get_to(stage.duration_s);
  j.at("estimate_s").get_to(stage.estimate_s);
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

}  // namespace

std::string_view name_of(Scope scope) {
  for (const auto& [candidate, text] : kScopes) {
    if (candidate == scope) return text;
  }
  return "?";
}

std::string step_id(const Plan& plan, const Stage& stage, const Part& part, int attempt) {
  return fmt::format("{}{:02}-{}-{}{}", plan.simulated ? kSimulatedStepPrefix : "", stage.index, stage.check,
                     part, attempt > 1 ? fmt::format("-a{}", attempt) : "");
}

std::vector<Part> step_parts(const Stage& stage) {
  if (stage.scope == Scope::node || stage.scope == Scope::ranks) return {"node"};
  return stage.parts;
}

void to_json(json& j, const Plan& plan) {
  j = {{"assay_version", plan.assay_version},
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
}

void from_json(const json& j, Plan& plan) {
  j.at("assay_version").get_to(plan.assay_version);
  j.at("sku").get_to(plan.sku);
  j.at("profile").get_to(plan.profile);
  j.at("node").get_to(plan.node);
  j.at("simulated").get_to(plan.simulated);
  j.at("certifiable").get_to(plan.certifiable);
  j.at("partial").get_to(plan.partial);
  plan.seed = seed_from(j.at("seed").get<std::string>());
  j.at("sample_hz").get_to(plan.sample_hz);
  j.at("idle_timeout_s").get_to(plan.idle_timeout_s);
  plan.slots = vector_of(j.at("slots"), slot_from);
  plan.stages = vector_of(j.at("stages"), stage_from);
  plan.faults = vector_of(j.at("faults"), fault_from);
}

std::string content_hash(const json& j) {
  // Keys come out sorted; what is no UTF-8 is replaced, as it is where the same JSON is written to a file.
  const std::string text = j.dump(-1, ' ', false, json::error_handler_t::replace);
  return "sha256:" + sha256(text);
}

}  // namespace assay
