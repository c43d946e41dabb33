// The first message to a worker: what it is to do, on what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/part.h"
#include "harness/model/plan.h"
#include "harness/model/readings.h"
#include "harness/node/backend.h"

namespace assay::run {

struct Device {
  Part slot;
  std::string pci_address;  // empty where nothing was found in the slot
};

struct BodyAssignment {
  std::string check, variant;
  std::uint64_t seed = 0;
  double duration_s = 0;
  double memory_share = 1;
  std::string attachments;  // paths of what it attaches begin so
  nlohmann::json begun;     // Context::begun()
};

struct Assignment {
  Part part;                           // that it works on: its one GPU, else its placement's
  Part placement;                      // all that its placement works on
  std::vector<BodyAssignment> bodies;  // at least one; several run in threads of the worker
  std::vector<Device> devices;         // that it works on
  int rank = 0, ranks = 1;             // among the workers of its placement
  int ranks_of_a_gpu = 1;              // of them, those on the same GPU
  NodeAddress node;
  std::vector<Device> slots;  // every slot of the SKU
  NodeReadings readings;
  Settling settling;
};

void to_json(nlohmann::json& j, const Assignment& assignment);
void from_json(const nlohmann::json& j, Assignment& assignment);

/// Of a measurement: data and noise are a function of the run's seed and of what is measured, not of how
/// often it was interrupted. `measurement` counts from 1 (model/attempts.h). `among_its_gpus`: of the ranks
/// that share the part, from 0.
std::uint64_t seed_of(std::uint64_t run_seed, int stage, const std::string& check, const std::string& variant,
                      const Part& part, int measurement, int among_its_gpus = 0);

}  // namespace assay::run
