// A worker: runs one check on one part and sends what it measures. A process of its own, or a thread of a
// fast simulation.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/node/part.h"
#include "harness/node/readings.h"

namespace assay::run {

/// How a worker reaches the node. Real: the GPU's PCI address is enough. Simulated: the state file and its
/// seat at the clock.
struct NodeAddress {
  bool simulated = false;
  std::string state_path;
  int seat = -1;
};

/// The first message to a worker.
struct Assignment {
  std::string check;
  Part part;
  std::string pci_address;  // of the worker's GPU; empty in scope node
  std::uint64_t seed = 0;
  double duration_s = 0;
  int rank = -1, ranks = 0;  // scope ranks
  NodeAddress node;
  std::vector<std::pair<Part, std::string>>
      slots;  // every slot of the SKU; PCI address empty where nothing was found
  NodeReadings readings;
};

void to_json(nlohmann::json& j, const Assignment& assignment);
void from_json(const nlohmann::json& j, Assignment& assignment);

/// Runs the assignment that arrives on `fd` to its end; returns the process's exit status. It sends messages
/// with one key each:
/// - measure {name, value, unit, part}: a number or a text; "NaN", "Infinity", "-Infinity" for such numbers
/// - evidence {name, content}
/// - log {message}
/// - progress {fraction}
/// - error {symptom, message}: the symptom is a finding code
/// - exchange {blob}: answered by {exchange: [blob, ...]} when all ranks have come
/// - done {}: the last one
int worker_main(int fd);

}  // namespace assay::run
