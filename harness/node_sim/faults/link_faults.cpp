// Faults of PCIe and NVLink, and of NVSwitches.
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/nvlink_wiring.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

const RegisteredFault pcie_generation{{"pcie_generation",
                                       "the PCIe link cannot train to its generation",
                                       "gpu",
                                       {{"generation", "it can", Unit::count, 1, 4, 4}}},
                                      {.at_start = [](const Planting& gpu) {
                                        gpu.dynamic().pcie_generation = gpu.dynamic().pcie_max_generation =
                                            static_cast<std::int32_t>(gpu.whole("generation"));
                                      }}};

const RegisteredFault pcie_width{{"pcie_width",
                                  "the PCIe link cannot train to its width",
                                  "gpu",
                                  {{"width", "lanes it can", Unit::count, 1, 8, 8}}},
                                 {.at_start = [](const Planting& gpu) {
                                   gpu.dynamic().pcie_width = gpu.dynamic().pcie_max_width =
                                       static_cast<std::int32_t>(gpu.whole("width"));
                                 }}};

const RegisteredFault pcie_replays{{"pcie_replays",
                                    "the PCIe link repeats packets under load",
                                    "gpu",
                                    {{"replays", "at each copy", Unit::count, 1, 100000, 50}}},
                                   {.at_copy = [](const Launch& launch) {
                                     const Lock lock(launch.state.mutex);
                                     launch.dynamic().pcie_replay += launch.whole("replays");
                                   }}};

/// Neither end says that it cannot do better: whoever looks at what a link could do sees nothing.
const RegisteredFault pcie_trained_down{
    {"pcie_trained_down",
     "a PCIe link is trained below what both of its ends can",
     "gpu",
     {{"generation", "it trained to", Unit::count, 1, kHealthyPcieGeneration, kHealthyPcieGeneration},
      {"width", "lanes it trained to", Unit::count, 1, kHealthyPcieWidth, kHealthyPcieWidth},
      {"above", "0: the GPU's own link; 1: the one above the switch that the GPU is at", Unit::count, 0, 1,
       0}}},
    {.at_start = [](const Planting& gpu) {
      const auto generation = static_cast<std::int32_t>(gpu.whole("generation")),
                 width = static_cast<std::int32_t>(gpu.whole("width"));
      if (gpu.whole("above") == 0) {
        gpu.dynamic().pcie_generation = generation;
        gpu.dynamic().pcie_width = width;
      } else if (PciPort* const port = switch_above(gpu.state, gpu.gpu)) {
        port->generation = generation;
        port->width = width;
      }
    }}};

const RegisteredFault pcie_errors{
    {"pcie_errors",
     "a PCIe link damages packets under load",
     "gpu",
     {{"corrected", "errors at each copy that are corrected", Unit::count, 0, 100000, 40},
      {"uncorrected", "errors at each copy that are not", Unit::count, 0, 1000, 0},
      {"above", "0: the GPU counts them; 1: the switch that the GPU is at, at its end towards the root",
       Unit::count, 0, 1, 0}}},
    {.at_copy = [](const Launch& launch) {
      const Lock lock(launch.state.mutex);
      PciPort* const port = launch.whole("above") == 0 ? nullptr : switch_above(launch.state, launch.gpu);
      PcieErrors& errors = port == nullptr ? launch.dynamic().pcie_errors : port->errors;
      errors.bad_dllp += launch.whole("corrected");
      errors.nonfatal += launch.whole("uncorrected");
    }}};

const RegisteredFault nvlinks_down{
    {"nvlinks_down",
     "NVLinks do not come up",
     "gpu",
     {{"links", "how many", Unit::count, 1, kNvlinks, 1},
      {"first", "the first of them, from 0; those after the last are the first again", Unit::count, 0,
       kNvlinks - 1, kNvlinks - 1},
      {"at_start", "1: before the driver was started, which then lets no peer reach the GPU; 0: since",
       Unit::count, 0, 1, 0}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().peer_access_lost = static_cast<std::int32_t>(gpu.whole("at_start"));
      for (std::int64_t i = 0; i < gpu.whole("links"); ++i)
        gpu.dynamic().nvlinks[(gpu.whole("first") + i) % kNvlinks].active = 0;
    }}};

const RegisteredFault nvlinks_late{{"nvlinks_late",
                                    "NVLinks of the GPU train for a while before they come up",
                                    "gpu",
                                    {{"links", "how many", Unit::count, 1, kNvlinks, kNvlinks},
                                     {"after", "the node's start", Unit::seconds, 0, 3600, 40}}},
                                   {.at_start = [](const Planting& gpu) {
                                     const auto up_at =
                                         gpu.state.clock.now + nanoseconds_of(gpu.parameter("after"));
                                     for (std::int64_t i = 0; i < gpu.whole("links"); ++i)
                                       gpu.dynamic().nvlinks[i].up_at = up_at;
                                   }}};

/// As at a start: CUDA does not begin on a GPU whose way over the switches is not made.
void let_cuda_wait(State& state) {
  constexpr std::int32_t kNotStarted = 1;
  state.fabric_state = kNotStarted;
  state.cuda_not_ready = 1;
}

const RegisteredFault fabric_manager_off{
    {"fabric_manager_off", "nobody has made the way over the NVSwitches ready: no NVLink is up", "node", {}},
    {.in_node = [](State& state, const FaultState&) {
      let_cuda_wait(state);
      for (int gpu = 0; gpu < state.gpu_count; ++gpu) {
        for (Nvlink& link : state.dynamic[gpu].nvlinks) link.active = 0;
      }
    }}};

const RegisteredFault fabric_unhealthy{
    {"fabric_unhealthy",
     "the driver calls the way over the NVSwitches unhealthy",
     "node",
     {{"summary", "2: unhealthy; 3: of limited capacity", Unit::count, 2, 3, 2}}},
    {.in_node = [](State& state, const FaultState& fault) {
      state.fabric_health = static_cast<std::int32_t>(fault_parameter(fault, "summary", 2));
    }}};

/// Of all GPUs.
void take_links_down(State& state, int nvswitch) {
  for (int gpu = 0; gpu < state.gpu_count; ++gpu) {
    for (int link = 0; link < kNvlinks; ++link) {
      if (far_end(gpu, link).nvswitch == nvswitch) state.dynamic[gpu].nvlinks[link].active = 0;
    }
  }
}

const RegisteredFault nvswitch_down{
    {"nvswitch_down",
     "an NVSwitch has lost the links of all GPUs",
     "nvswitch",
     {{"at_start", "1: before CUDA was started, which then does not begin at all; 0: since", Unit::count, 0,
       1, 1}}},
    {.in_node = [](State& state, const FaultState& fault) {
      if (fault_parameter(fault, "at_start", 1) != 0) let_cuda_wait(state);
      take_links_down(state, fault.nvswitch);
    }}};

const RegisteredFault nvswitch_missing{
    {"nvswitch_missing", "the last NVSwitch is not on PCI", "node", {}},
    {.in_node = [](State& state, const FaultState&) { take_links_down(state, --state.nvswitches); }}};

const RegisteredFault nvlink_errors{{"nvlink_errors",
                                     "an NVLink repeats and recovers under load",
                                     "gpu",
                                     {{"link", "which", Unit::count, 0, kNvlinks - 1, 7},
                                      {"replays", "at each launch", Unit::count, 0, 100000, 20},
                                      {"recoveries", "at each launch", Unit::count, 0, 1000, 1},
                                      {"crc", "damaged packets at each launch", Unit::count, 0, 100000, 0}}},
                                    {.at_launch = [](const Launch& launch) {
                                      const Lock lock(launch.state.mutex);
                                      Nvlink& link = launch.dynamic().nvlinks[launch.whole("link")];
                                      link.replay += launch.whole("replays");
                                      link.recovery += launch.whole("recoveries");
                                      link.crc += launch.whole("crc");
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
