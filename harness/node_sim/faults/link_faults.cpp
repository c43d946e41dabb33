// Faults of PCIe and NVLink, and of NVSwitches.
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

const RegisteredFault pcie_generation{{"pcie_generation",
                                       "the PCIe link cannot train to its generation",
                                       "gpu",
                                       {{"generation", "it can", Unit::count, 1, 4, 4}}},
                                      {.at_start = [](const Planting& gpu) {
                                        gpu.dynamic.pcie_generation = gpu.dynamic.pcie_max_generation =
                                            static_cast<std::int32_t>(gpu.whole("generation"));
                                      }}};

const RegisteredFault pcie_width{{"pcie_width",
                                  "the PCIe link cannot train to its width",
                                  "gpu",
                                  {{"width", "lanes it can", Unit::count, 1, 8, 8}}},
                                 {.at_start = [](const Planting& gpu) {
                                   gpu.dynamic.pcie_width = gpu.dynamic.pcie_max_width =
                                       static_cast<std::int32_t>(gpu.whole("width"));
                                 }}};

const RegisteredFault pcie_replays{{"pcie_replays",
                                    "the PCIe link repeats packets under load",
                                    "gpu",
                                    {{"replays", "at each launch", Unit::count, 1, 100000, 50}}},
                                   {.at_launch = [](const Launch& launch) {
                                     const Lock lock(launch.state.mutex);
                                     launch.dynamic().pcie_replay += launch.whole("replays");
                                   }}};

const RegisteredFault nvlinks_down{
    {"nvlinks_down",
     "NVLinks do not come up",
     "gpu",
     {{"links", "how many", Unit::count, 1, kNvlinks, 1},
      {"first", "the first of them, from 0; those after the last are the first again", Unit::count, 0,
       kNvlinks - 1, kNvlinks - 1}}},
    {.at_start = [](const Planting& gpu) {
      for (std::int64_t i = 0; i < gpu.whole("links"); ++i)
        gpu.dynamic.nvlinks[(gpu.whole("first") + i) % kNvlinks].active = 0;
    }}};

const RegisteredFault nvlink_errors{{"nvlink_errors",
                                     "an NVLink repeats and recovers under load",
                                     "gpu",
                                     {{"link", "which", Unit::count, 0, kNvlinks - 1, 7},
                                      {"replays", "at each launch", Unit::count, 0, 100000, 20},
                                      {"recoveries", "at each launch", Unit::count, 0, 1000, 1}}},
                                    {.at_launch = [](const Launch& launch) {
                                      const Lock lock(launch.state.mutex);
                                      Nvlink& link = launch.dynamic().nvlinks[launch.whole("link")];
                                      link.replay += launch.whole("replays");
                                      link.recovery += launch.whole("recoveries");
                                    }}};

const RegisteredFault nvswitch_error{{"nvswitch_error",
                                      "an NVSwitch reports a fatal error when work starts on the GPU",
                                      "gpu",
                                      {{"number", "the SXid", Unit::count, 10000, 99999, 20034},
                                       {"switch", "which NVSwitch", Unit::count, 0, 3, 1}}},
                                     {.at_launch = [](const Launch& launch) {
                                       if (launch.number == 0)
                                         log_sxid(launch.state, static_cast<int>(launch.whole("switch")),
                                                  static_cast<int>(launch.whole("number")));
                                     }}};

}  // namespace
}  // namespace assay::sim
