// The state that a GPU carries with it: pending and failed row remaps, the recovery action that its driver
// asks for, errors since the driver was loaded. The deltas over each step are the sampler's
// (harness/model/telemetry_measures.cpp).
#include "suites/readings.h"

namespace assay {
namespace {

Integer counter(const GpuState& state, const char* name) {
  const auto found = state.counters.find(name);
  return found == state.counters.end() ? Integer::none("not_read") : found->second;
}

void run(Context& context) {
  Readings readings(context);
  for (const SlotInventory& slot : context.slots()) {
    if (slot.found == nullptr) continue;
    const GpuState& state = slot.found->state;
    const Part memory = slot.part.below("hbm");
    readings.measure(memory, "row_remap_pending", state.row_remap_pending);
    readings.measure(memory, "row_remap_failure", state.row_remap_failure);
    readings.measure(memory, "remapped_rows_corrected", counter(state, counters::remapped_corrected));
    readings.measure(memory, "remapped_rows_uncorrected", counter(state, counters::remapped_uncorrected));
    readings.measure(memory, "ecc_corrected_dram", counter(state, counters::ecc_corrected_dram));
    readings.measure(memory, "ecc_uncorrected_dram", counter(state, counters::ecc_uncorrected_dram));
    readings.measure(slot.part, "ecc_corrected_sram", counter(state, counters::ecc_corrected_sram));
    readings.measure(slot.part, "ecc_uncorrected_sram", counter(state, counters::ecc_uncorrected_sram));
    readings.measure(slot.part, "recovery_action", state.recovery_action);
    readings.measure(slot.part, "sram_threshold_exceeded", state.sram_threshold_exceeded);
    readings.measure(slot.part, "pcie_replays", counter(state, counters::pcie_replay));
  }
  readings.say_what_is_missing();
}

const Registered health_counters{{
    .name = "health.counters",
    .summary =
        "No GPU carries a fault of its own: row remaps, uncorrected errors, a recovery action that is due",
    .scope = Scope::node,
    .measures =
        {
            {"row_remap_pending", Unit::count, "1: a row remap waits for a reset", "hbm"},
            {"row_remap_failure", Unit::count, "1: a row could not be remapped", "hbm"},
            {"remapped_rows_corrected", Unit::count, "rows remapped for corrected errors, lifetime", "hbm",
             false},
            {"remapped_rows_uncorrected", Unit::count, "rows remapped for uncorrected errors, lifetime",
             "hbm"},
            {"ecc_corrected_dram", Unit::count, "corrected HBM errors since the driver was loaded", "hbm"},
            {"ecc_uncorrected_dram", Unit::count, "uncorrected HBM errors since the driver was loaded",
             "hbm"},
            {"ecc_corrected_sram", Unit::count, "corrected on-chip memory errors since the driver was loaded",
             "", false},
            {"ecc_uncorrected_sram", Unit::count,
             "uncorrected on-chip memory errors since the driver was loaded", ""},
            {"recovery_action", Unit::count,
             "what the driver asks for: 0 nothing, 1 reset, 2 reboot, 3 drain, 4 both", ""},
            {"sram_threshold_exceeded", Unit::count,
             "1: on-chip memory errors are above the maker's threshold", ""},
            {"pcie_replays", Unit::count, "PCIe replays since the driver was loaded", "", false},
        },
    .findings = {"memory.remap_pending", "memory.remap_failure", "memory.rows_remapped",
                 "memory.ecc_uncorrected", "memory.ecc_history", "device.sram_history",
                 "device.recovery_action", "device.sram_threshold"},
    .run = run,
    .detects = "what the driver has counted or asks for of each GPU: remapped rows, uncorrected errors, a "
               "reset that is due",
    .misses = "anything that the driver does not know, or has forgotten since it was loaded",
}};

}  // namespace
}  // namespace assay
