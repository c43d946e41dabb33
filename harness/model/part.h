// Part paths: where on the node a measurement or a finding belongs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// "gpu3", "gpu3/hbm", "gpu3/nvlink07", "nvswitch1/port12", "node", "environment", "harness".
/// gpuN is chassis slot N, never an NVML or CUDA index: those shift when a GPU is missing.
using Part = std::string;

/// The slot number of "gpu3" or "gpu3/hbm"; nothing for other parts.
std::optional<int> gpu_slot(std::string_view part);

/// "gpu3" of "gpu3/hbm": the part that a person can pull out.
std::string_view unit_of(std::string_view part);

/// "hbm" of "gpu3/hbm"; empty where there is none.
std::string_view subcomponent_of(std::string_view part);

Part gpu_part(int slot);

/// "gpu0-gpu5", the lower slot first.
Part pair_part(const Part& a, const Part& b);
bool is_pair(std::string_view part);
/// "gpu0" and "gpu5" of a pair, the unit of anything else.
std::vector<Part> units_of(std::string_view part);

/// True for a well-formed path of one or two segments of [a-z0-9_].
bool is_valid_part(std::string_view part);

}  // namespace assay
