#include "harness/config/fault.h"

namespace assay::config {
namespace {

// An ECC codeword is taken as 32 bytes, the card's smallest access; the wires of a 16-byte word are counted
// once.
constexpr double kCodewordBits = 256, kWordBits = 128;

FaultParameter position() {
  return {"position", "where in the memory, as a share of its size", Unit::ratio, 0, 1, 0.5};
}

FaultParameter stuck_value() {
  return {"value", "what it is stuck at", Unit::count, 0, 1, 1};
}

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds{
      {"hbm_stuck_bit",
       "one memory cell is stuck: ECC corrects and counts every read of it that differs",
       "gpu/hbm",
       {{"bit", "of the 32-byte codeword", Unit::count, 0, kCodewordBits - 1, 77},
        position(),
        stuck_value()}},
      {"hbm_double_bit",
       "two bits of one codeword flip: ECC sees and cannot correct them; the driver logs an Xid and remaps "
       "the row",
       "gpu/hbm",
       {position(),
        {"bit", "of the 32-byte codeword", Unit::count, 0, kCodewordBits - 1, 12},
        {"second_bit", "of the same codeword; another one than bit", Unit::count, 0, kCodewordBits - 1,
         201}}},
      {"hbm_data_wire",
       "a data wire behind ECC is stuck: wrong data that no counter shows",
       "gpu/hbm",
       {{"bit", "of the 16-byte word", Unit::count, 0, kWordBits - 1, 37},
        stuck_value(),
        {"stride", "every how many 16-byte words pass over the wire", Unit::count, 1, 65536, 64}}},
      {"hbm_slow",
       "the memory delivers a part of its bandwidth",
       "gpu/hbm",
       {{"factor", "share of this unit's bandwidth that is left", Unit::ratio, 0.3, 0.99, 0.8}}},
      {"gpu_missing", "nothing answers from the slot", "gpu", {}},
      {"row_remap_pending", "a row was remapped, which takes effect with the next reset", "gpu/hbm", {}},
      {"foreign_process",
       "a process that is not ours holds memory of the GPU",
       "gpu",
       {{"pid", "its process id", Unit::count, 2, 4194304, 4711},
        {"memory", "what it holds", Unit::mebibytes, 1, 143771, 2048}}},
      {"wrong_part",
       "another product is in the slot",
       "gpu",
       {{"pci_device", "PCI device and vendor id; the default is an H100 SXM's", Unit::count, 0, 4294967295.0,
         0x233010de}}},
      {"memory_short",
       "the GPU shows less memory than it should",
       "gpu",
       {{"missing", "what is missing", Unit::mebibytes, 1, 65536, 24576}}},
      {"other_vbios", "the GPU runs another VBIOS than its peers", "gpu", {}},
      {"ecc_off", "somebody switched ECC off", "gpu", {}},
      {"mig_on", "somebody partitioned the GPU", "gpu", {}},
      {"compute_mode",
       "somebody restricted the GPU",
       "gpu",
       {{"mode", "2: prohibited, 3: one process at a time", Unit::count, 2, 3, 3}}},
      {"power_limit",
       "somebody lowered the power limit",
       "gpu",
       {{"limit", "in force", Unit::watts, 200, 699, 500}}},
      {"pcie_generation",
       "the PCIe link cannot train to its generation",
       "gpu",
       {{"generation", "it can", Unit::count, 1, 4, 4}}},
      {"pcie_width",
       "the PCIe link cannot train to its width",
       "gpu",
       {{"width", "lanes it can", Unit::count, 1, 8, 8}}},
      {"pcie_replays",
       "the PCIe link repeats packets under load",
       "gpu",
       {{"replays", "at each launch", Unit::count, 1, 100000, 50}}},
      {"nvlinks_down", "NVLinks do not come up", "gpu", {{"links", "how many", Unit::count, 1, 18, 1}}},
      {"nvlink_errors",
       "NVLinks repeat and recover under load",
       "gpu",
       {{"replays", "at each launch", Unit::count, 0, 100000, 20},
        {"recoveries", "at each launch", Unit::count, 0, 1000, 1}}},
      {"sram_errors",
       "on-chip memory makes errors under load",
       "gpu",
       {{"corrected", "at each launch", Unit::count, 0, 100000, 2},
        {"uncorrected", "at each launch", Unit::count, 0, 1000, 0}}},
      {"row_remap_failure", "a row could not be remapped", "gpu/hbm", {}},
      {"rows_remapped",
       "rows were remapped for uncorrected errors in the card's life",
       "gpu/hbm",
       {{"rows", "how many", Unit::count, 1, 512, 2}}},
      {"recovery_action",
       "the driver asks for a recovery",
       "gpu",
       {{"action", "1 reset, 2 reboot, 3 drain, 4 drain and reset", Unit::count, 1, 4, 1}}},
      {"memory_held",
       "memory is held though no process holds it",
       "gpu",
       {{"memory", "what is held", Unit::mebibytes, 1, 143000, 16384}}},
      {"not_idle",
       "work that is no process's keeps the GPU busy",
       "gpu",
       {{"utilisation", "share of the time", Unit::ratio, 0.06, 1, 0.4}}},
      {"counter_reset", "an error counter starts again at 0 in the middle of the run", "gpu", {}},
      {"xid",
       "the driver logs an Xid when work starts on the GPU",
       "gpu",
       {{"number", "the Xid", Unit::count, 1, 199, 31}}},
      {"gpu_lost",
       "the GPU falls off the bus while it works",
       "gpu",
       {{"launch", "at which launch of a worker, from 0", Unit::count, 0, 1000, 12}}},
      {"nvml_hang",
       "calls of the management library about the GPU never return once work has begun",
       "gpu",
       {}},
      {"device_call_fails", "a launch is refused, for no reason that lies in the GPU", "gpu", {}},
      {"kernel_exception", "a kernel that is known to be right meets an illegal address", "gpu", {}},
      {"worker_hang", "work that is launched on the GPU never ends", "gpu", {}},
      {"worker_crash",
       "the worker of this GPU dies by a signal: a fault of the harness, not of the GPU",
       "gpu",
       {{"signal", "number; from SIGILL to SIGSEGV", Unit::count, 4, 11, 11}}},
  };
  return kinds;
}

}  // namespace assay::config
