// What is wrong with the machine around the GPUs. All act where its files are written: simulated_machine.cpp,
// simulated_sysfs.cpp.
#include "harness/model/time.h"
#include "harness/node_sim/faults/fault_kind.h"

namespace assay::sim {
namespace {

const RegisteredFault port_down{
    {"port_down", "a network port is down", "node", {{"port", "which", Unit::count, 0, 7, 0}}}, {}};

const RegisteredFault port_flaps{
    {"port_flaps",
     "a network port loses its link in the middle of the run, and makes errors",
     "node",
     {{"port", "which", Unit::count, 0, 7, 0},
      {"all", "1: not one, but all of the compute network", Unit::count, 0, 1, 0},
      {"after", "from the start of the run", Unit::seconds, 0, 86400, 1},
      {"downed", "how often the link goes down", Unit::count, 0, 1000, 1},
      {"recovered", "how often it trains again", Unit::count, 0, 1000, 0},
      {"symbol_errors", "how many", Unit::count, 0, 1e9, 0},
      {"stays_down", "1: it does not come back", Unit::count, 0, 1, 0},
      {"vanishes", "1: the kernel does not list it any more", Unit::count, 0, 1, 0}}},
    {.in_node = [](State& state, const FaultState& fault) {
      state.port_fails_at = state.clock.now + nanoseconds_of(fault_parameter(fault, "after", 1));
    }}};

const RegisteredFault port_counter_full{
    {"port_counter_full",
     "a network port has counted so many errors that its counter is at its end",
     "node",
     {{"port", "which", Unit::count, 0, 7, 0}}},
    {}};

const RegisteredFault dimm_missing{{"dimm_missing",
                                    "a module of the host's memory was switched off when the node started",
                                    "node",
                                    {{"controller", "of which memory controller", Unit::count, 0, 7, 0}}},
                                   {}};

const RegisteredFault nvswitch_firmware{{"nvswitch_firmware",
                                         "an NVSwitch has other firmware than the others",
                                         "node",
                                         {{"nvswitch", "which", Unit::count, 0, 3, 3}}},
                                        {}};

const RegisteredFault acs_redirects{
    {"acs_redirects",
     "access control of the PCIe switches sends peers' traffic to the processors",
     "node",
     {}},
    {.in_node = [](State& state, const FaultState&) { state.acs_redirects = 1; }}};

const RegisteredFault iommu_translates{
    {"iommu_translates", "the IOMMU translates the GPUs' addresses", "node", {}},
    {.in_node = [](State& state, const FaultState&) { state.iommu_translates = 1; }}};

const RegisteredFault drive_dead{
    {"drive_dead", "the kernel has given a drive up", "node", {{"drive", "which", Unit::count, 0, 3, 0}}},
    {}};

const RegisteredFault host_memory_errors{
    {"host_memory_errors",
     "a memory controller of the host has counted errors",
     "node",
     {{"controller", "which", Unit::count, 0, 7, 0},
      {"corrected", "errors that were corrected", Unit::count, 0, 1e9, 0},
      {"uncorrected", "errors that were not", Unit::count, 0, 1e9, 0}}},
    {}};

/// Both act in SimulatedBmc.
const RegisteredFault bmc_power_fault{
    {"bmc_power_fault", "a supply has lost its input, as the management controller has it", "node", {}}, {}};

const RegisteredFault bmc_fan_fault{
    {"bmc_fan_fault", "a fan stands still, as the management controller has it", "node", {}}, {}};

}  // namespace
}  // namespace assay::sim
