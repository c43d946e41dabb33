// What was to be delivered: a consignment's nodes, and which GPU is to be in which of their slots.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/model/part.h"

namespace assay {

struct ManifestGpu {
  Part slot;  // "gpu3"; empty: the manifest does not say
  std::string serial;
  std::string part_number, vbios;  // empty: any
};

struct ManifestNode {
  std::string name, chassis_serial;  // by which the node is known; one may be empty
  std::vector<ManifestGpu> gpus;
};

struct Manifest {
  std::string consignment;
  std::string licence;  // reference of the licence or clearance that it came under; may be empty
  std::vector<ManifestNode> nodes;
  bool empty() const { return nodes.empty(); }
};

void to_json(nlohmann::json& j, const Manifest& manifest);
void from_json(const nlohmann::json& j, Manifest& manifest);

}  // namespace assay
