// What is there, and how it is set: parts that are missing or wrong, settings that somebody changed, work
// that is not ours.
#include "harness/model/units.h"
#include "harness/node_sim/faults/fault_kind.h"

namespace assay::sim {
namespace {

constexpr double kMilliwattsPerWatt = 1000;

const RegisteredFault gpu_missing{{"gpu_missing", "nothing answers from the slot", "gpu", {}},
                                  {.at_start = [](const Planting& gpu) { gpu.dynamic().present = 0; }}};

const RegisteredFault wrong_part{{"wrong_part",
                                  "another product is in the slot",
                                  "gpu",
                                  {{"pci_device", "PCI device and vendor id; the default is an H100 SXM's",
                                    Unit::count, 0, 4294967295.0, 0x233010de}}},
                                 {.at_start = [](const Planting& gpu) {
                                   gpu.constants().pci_device =
                                       static_cast<std::uint32_t>(gpu.whole("pci_device"));
                                 }}};

/// Acts where CUDA is asked: SimDevice.
const RegisteredFault relabelled{
    {"relabelled",
     "the GPU is of other silicon than its label, its name and its firmware say",
     "gpu",
     {{"multiprocessors", "that CUDA has; the default is an H20's", Unit::count, 8, 132, 78},
      {"l2", "last-level cache that CUDA has", Unit::mebibytes, 1, 100, 60}}},
    {}};

const RegisteredFault other_vbios{
    {"other_vbios", "the GPU runs another VBIOS than its peers", "gpu", {}},
    {.at_start = [](const Planting& gpu) { set_text(gpu.constants().vbios, "96.00.74.00.1A"); }}};

const RegisteredFault ecc_off{{"ecc_off", "somebody switched ECC off", "gpu", {}},
                              {.at_start = [](const Planting& gpu) { gpu.dynamic().ecc_enabled = 0; }}};

const RegisteredFault ecc_off_after_reset{
    {"ecc_off_after_reset", "somebody switched ECC off, and has not reset the GPU yet", "gpu", {}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().ecc_changes_with_reset = 1; }}};

const RegisteredFault clock_set{{"clock_set",
                                 "somebody set the SM clock lower (applications clocks)",
                                 "gpu",
                                 {{"clock", "what it rises to", Unit::megahertz, 345, 1979, 1500}}},
                                {.at_start = [](const Planting& gpu) {
                                  gpu.dynamic().set_sm_mhz = static_cast<std::int32_t>(gpu.whole("clock"));
                                  gpu.dynamic().clock_held_mhz = gpu.parameter("clock");
                                }}};

const RegisteredFault confidential_compute{
    {"confidential_compute", "memory and transfers are encrypted", "node", {}},
    {.in_node = [](State& state, const FaultState&) { state.confidential_compute = 1; }}};

const RegisteredFault mig_on{{"mig_on", "somebody partitioned the GPU", "gpu", {}},
                             {.at_start = [](const Planting& gpu) { gpu.dynamic().mig_enabled = 1; }}};

const RegisteredFault compute_mode{
    {"compute_mode",
     "somebody restricted the GPU",
     "gpu",
     {{"mode", "2: prohibited, 3: one process at a time", Unit::count, 2, 3, 3}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().compute_mode = static_cast<std::int32_t>(gpu.whole("mode"));
    }}};

const RegisteredFault power_limit{
    {"power_limit",
     "somebody lowered the power limit",
     "gpu",
     {{"limit", "in force", Unit::watts, 200, 699, 500}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().power_limit_mw = static_cast<std::int32_t>(gpu.parameter("limit") * kMilliwattsPerWatt);
    }}};

const RegisteredFault foreign_process{
    {"foreign_process",
     "a process that is not ours holds memory of the GPU",
     "gpu",
     {{"pid", "its process id", Unit::count, 2, 4194304, 4711},
      {"memory", "what it holds", Unit::mebibytes, 1, 143771, 2048}}},
    {.at_start = [](const Planting& gpu) {
      const std::int64_t bytes = gpu.whole("memory") * kBytesPerMib;
      gpu.dynamic().processes[0] = {static_cast<std::int32_t>(gpu.whole("pid")), 0, bytes};
      gpu.dynamic().memory_used_bytes += bytes;
    }}};

const RegisteredFault memory_held{{"memory_held",
                                   "memory is held though no process holds it",
                                   "gpu",
                                   {{"memory", "what is held", Unit::mebibytes, 1, 143000, 16384}}},
                                  {.at_start = [](const Planting& gpu) {
                                    gpu.dynamic().memory_held_bytes = gpu.whole("memory") * kBytesPerMib;
                                    gpu.dynamic().memory_used_bytes += gpu.dynamic().memory_held_bytes;
                                  }}};

const RegisteredFault not_idle{{"not_idle",
                                "work that is no process's keeps the GPU busy",
                                "gpu",
                                {{"utilisation", "share of the time", Unit::ratio, 0.06, 1, 0.4}}},
                               {.at_start = [](const Planting& gpu) {
                                 gpu.dynamic().foreign_utilisation = gpu.parameter("utilisation");
                               }}};

const RegisteredFault recovery_action{
    {"recovery_action",
     "the driver asks for a recovery",
     "gpu",
     {{"action", "1 reset, 2 reboot, 3 drain, 4 drain and reset", Unit::count, 1, 4, 1}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().recovery_action = static_cast<std::int32_t>(gpu.whole("action"));
    }}};

}  // namespace
}  // namespace assay::sim
