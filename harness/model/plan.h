// The plan: which checks run on which parts, in what order, for how long. Made once, hashed, never changed
// after the start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/part.h"
#include "harness/model/placement.h"

namespace assay {

/// Version of plan.json's form. 1: stages had a scope instead of placements. 2: bodies had no sharers.
inline constexpr int kPlanSchema = 3;

/// The driver numbers a board's modules from 1.
inline constexpr int kHighestModuleId = 255;

/// A slot of the SKU and the GPU that the planner found in it.
struct PlannedSlot {
  Part part;
  int module_id = 0;        // by which the SKU or the chassis file knows the slot; 0 where it has none
  std::string pci_address;  // empty: nothing was found there
  std::string serial, uuid, board_part_number, name;
};

/// Placements that run at the same time.
struct Stage {
  int index = 0;
  /// Index of the first stage that does the same work, on other parts: GPUs one after another, rounds of
  /// pairs. The values of such stages are compared with one another.
  int group = 0;
  std::vector<Placement> placements;
  double estimate_s = 0;  // what it is expected to take, start to end
  double deadline_s = 0;  // real time after which its workers are stopped
  double energy_j = 0;    // what all GPUs of the node are expected to draw from start to end
};

/// Of NVLinks, which train for a while after a start: how long they are waited for, and how often they are
/// looked at meanwhile.
struct Settling {
  double most_s = 0;
  int looks = 0;
};

/// A fault as planted: kind, target and parameters (config/fault.h).
struct PlantedFault {
  std::string name, kind;
  Part part;
  nlohmann::json parameters;
};

struct Plan {
  int schema = kPlanSchema;  // that it was read from
  std::string assay_version;
  std::string sku, profile, node;  // node: "local" or "sim:FILE"
  bool simulated = false;
  bool certifiable = true;  // false: a bench SKU, which no run of can be signed as an acceptance
  /// Why this run cannot lead to ACCEPT whatever it measures: "--only", "--gpus". Empty for a full run.
  std::vector<std::string> partial;
  std::uint64_t seed = 0;
  double sample_hz = 10;
  double idle_timeout_s = 60;
  Settling settling;
  std::vector<PlannedSlot> slots;  // every slot of the SKU, found or not
  std::vector<Stage> stages;
  std::vector<PlantedFault> faults;
};

/// What step ids of a simulated run begin with.
inline constexpr const char* kSimulatedStepPrefix = "sim-";

/// "sim-03-memory.sweep-gpu4", "sim-05-collective.bandwidth.ring-node", with "-a2" for a second attempt:
/// OCP's testStepId.
std::string step_id(const Plan& plan, int stage, const Body& body, const Part& part, int attempt);

/// A stage outside the plan, a look at telemetry, is a group of its own.
int group_of(const Plan& plan, int stage);

/// "memory.sweep", or "memory.sweep + compute.gemm" of bodies that overlap.
std::string title_of(const Stage& stage);

/// The slot that the part is, or is in. Null for others.
const PlannedSlot* slot_of(const Plan& plan, const Part& part);

void to_json(nlohmann::json& j, const Settling& settling);
void from_json(const nlohmann::json& j, Settling& settling);
/// The form of plan.json. Plans of a run that was made by an older Assay are read too.
void to_json(nlohmann::json& j, const Plan& plan);
void from_json(const nlohmann::json& j, Plan& plan);

}  // namespace assay
