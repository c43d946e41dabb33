// What is wrong with the machine around the GPUs. All act where its files are written: simulated_machine.cpp.
#include "harness/node_sim/faults/fault_kind.h"

namespace assay::sim {
namespace {

const RegisteredFault port_down{
    {"port_down", "a network port is down", "node", {{"port", "which", Unit::count, 0, 7, 0}}}, {}};

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
