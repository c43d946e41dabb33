// configs/sim/plant-*.toml: how units behave.
#pragma once

#include <string>

#include "harness/config/sim_node.h"

namespace assay::config {

PlantFile load_plant_file(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
