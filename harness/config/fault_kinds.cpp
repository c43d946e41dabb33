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
      {"worker_crash",
       "the worker of this GPU dies by a signal: a fault of the harness, not of the GPU",
       "gpu",
       {{"signal", "number; from SIGILL to SIGSEGV", Unit::count, 4, 11, 11}}},
  };
  return kinds;
}

}  // namespace assay::config
