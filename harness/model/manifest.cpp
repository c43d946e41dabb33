#include "harness/model/manifest.h"

#include <nlohmann/json.hpp>

namespace assay {

void to_json(nlohmann::json& j, const Manifest& manifest) {
  j = {{"consignment", manifest.consignment}, {"licence", manifest.licence}};
  nlohmann::json& nodes = j["nodes"] = nlohmann::json::array();
  for (const ManifestNode& node : manifest.nodes) {
    nlohmann::json gpus = nlohmann::json::array();
    for (const ManifestGpu& gpu : node.gpus)
      gpus.push_back({{"slot", gpu.slot},
                      {"serial", gpu.serial},
                      {"part_number", gpu.part_number},
                      {"vbios", gpu.vbios}});
    nodes.push_back({{"name", node.name}, {"chassis_serial", node.chassis_serial}, {"gpus", gpus}});
  }
}

void from_json(const nlohmann::json& j, Manifest& manifest) {
  j.at("consignment").get_to(manifest.consignment);
  j.at("licence").get_to(manifest.licence);
  manifest.nodes.clear();
  for (const nlohmann::json& node : j.at("nodes")) {
    ManifestNode read{node.at("name").get<std::string>(), node.at("chassis_serial").get<std::string>(), {}};
    for (const nlohmann::json& gpu : node.at("gpus"))
      read.gpus.push_back({gpu.at("slot").get<Part>(), gpu.at("serial").get<std::string>(),
                           gpu.at("part_number").get<std::string>(), gpu.at("vbios").get<std::string>()});
    manifest.nodes.push_back(std::move(read));
  }
}

}  // namespace assay
