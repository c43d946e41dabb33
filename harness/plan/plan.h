// The plan: which checks run on which parts, in what order, for how long. Made once, hashed, never changed
// after the start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/check.h"

namespace assay {

/// A slot of the SKU and the GPU that the planner found in it.
struct PlannedSlot {
  Part part;
  int module_id = 0;        // by which the SKU or the chassis file knows the slot; 0 where it has none
  std::string pci_address;  // empty: nothing was found there
  std::string serial, uuid, board_part_number, name;
};

/// One check at one place in the order. A stage of scope gpu is one step a GPU.
struct Stage {
  int index = 0;
  std::string check;
  Scope scope = Scope::gpu;
  std::vector<Part> parts;  // one step each; scope ranks: one worker each, one step of part "node"
  double duration_s = 0;    // what the check is asked to work
  double estimate_s = 0;    // what the step is expected to take, start to end
  double deadline_s = 0;    // real time after which its worker is stopped
};

/// A fault as planted: kind, target and parameters (config/fault.h).
struct PlantedFault {
  std::string name, kind;
  Part part;
  nlohmann::json parameters;
};

struct Plan {
  std::string assay_version;
  std::string sku, profile, node;  // node: "local" or "sim:FILE"
  bool simulated = false;
  bool certifiable = true;  // false: a bench SKU, which no run of can be signed as an acceptance
  /// Why this run cannot lead to ACCEPT whatever it measures: "--only", "--gpus". Empty for a full run.
  std::vector<std::string> partial;
  std::uint64_t seed = 0;
  double sample_hz = 10;
  double idle_timeout_s = 60;
  std::vector<PlannedSlot> slots;  // every slot of the SKU, found or not
  std::vector<Stage> stages;
  std::vector<PlantedFault> faults;
};

std::string_view name_of(Scope scope);

/// What step ids of a simulated run begin with.
inline constexpr const char* kSimulatedStepPrefix = "sim-";

/// "sim-03-memory.sweep-gpu4", with "-a2" for a second attempt: OCP's testStepId.
std::string step_id(const Plan& plan, const Stage& stage, const Part& part, int attempt);

/// The parts that have an OCP step of their own in this stage: its parts, or "node" for scopes node and
/// ranks.
std::vector<Part> step_parts(const Stage& stage);

void to_json(nlohmann::json& j, const Plan& plan);
void from_json(const nlohmann::json& j, Plan& plan);

/// "sha256:..." over the canonical JSON text of a plan or of criteria.
std::string content_hash(const nlohmann::json& j);

}  // namespace assay
