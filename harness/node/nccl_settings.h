// What NCCL reads of a machine though no program tells it to (misc/param.cc: initEnv; graph/topo.cc).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace assay {

/// Read whatever NCCL_CONF_FILE says. A variable in it counts where the environment has none of that name.
inline constexpr const char* kNcclSettingsFile = "/etc/nccl.conf";
/// Where NVIDIA's topology daemon describes a virtual machine's PCI tree.
inline constexpr const char* kNcclTopologyFile = "/var/run/nvidia-topologyd/virtualTopology.xml";

/// "NCCL_ALGO=Ring" for each variable of NCCL's or CUDA's that a file of settings with this text makes, in
/// its order. `is_set`: the environment has a variable of that name.
std::vector<std::string> settings_made_by(const std::string& text,
                                          const std::function<bool(const std::string&)>& is_set);

}  // namespace assay
