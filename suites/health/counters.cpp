// The state that a GPU carries with it: pending and failed row remaps, the recovery action that its driver
// asks for, errors since the driver was loaded. The deltas over each step are the sampler's
// (harness/model/telemetry_measures.cpp).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "suites/readings.h"

namespace assay {
namespace {

Integer counter(const GpuState& state, const char* name) {
  const auto found = state.counters.find(name);
  return found == state.counters.end() ? Integer::none("not_read") : found->second;
}

/// Drivers before 550 do not have these questions, and only root may ask some.
void measure_lifetime(Readings& readings, const Part& gpu, const GpuState& state) {
  const Part memory = gpu.below("hbm");
  readings.measure(memory, "lifetime_corrected_dram", state.lifetime.corrected_dram);
  readings.measure(memory, "lifetime_uncorrected_dram", state.lifetime.uncorrected_dram);
  readings.measure(gpu, "lifetime_corrected_sram", state.lifetime.corrected_sram);
  readings.measure(gpu, "lifetime_uncorrected_sram", state.lifetime.uncorrected_sram);
  readings.measure(memory, "banks_with_few_spare_rows", state.spare_rows.few);
  readings.measure(memory, "banks_without_spare_rows", state.spare_rows.none);
  readings.measure(memory, "channel_repair_pending", state.channel_repair_pending);
  readings.measure(gpu, "tpc_repair_pending", state.tpc_repair_pending);
}

/// Which on-chip memory it was: "L2 3, SM 1".
std::string where_on_chip(const LifetimeErrors& lifetime) {
  std::vector<std::string> all;
  const auto add = [&](const char* name, const Integer& count) {
    if (count.value.value_or(0) > 0) all.push_back(fmt::format("{} {}", name, *count.value));
  };
  add("L2", lifetime.uncorrected_l2);
  add("SM", lifetime.uncorrected_sm);
  add("PCIe", lifetime.uncorrected_pcie);
  add("microcontrollers", lifetime.uncorrected_mcu);
  add("other", lifetime.uncorrected_other);
  return fmt::format("{}", fmt::join(all, ", "));
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
    measure_lifetime(readings, slot.part, state);
    const std::string where = where_on_chip(state.lifetime);
    if (!where.empty()) context.measure_at(slot.part, kCulprit, where);
  }
  readings.say_what_is_missing();
}

/// What not every driver has.
Measure of_the_cards_life(const char* name, const char* meaning, const char* subcomponent = "",
                          bool judged = true) {
  return {.name = name, .meaning = meaning, .subcomponent = subcomponent, .judged = judged, .may_lack = true};
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
            of_the_cards_life("lifetime_corrected_dram", "corrected HBM errors in the card's life", "hbm",
                              false),
            of_the_cards_life("lifetime_uncorrected_dram", "uncorrected HBM errors in the card's life",
                              "hbm"),
            of_the_cards_life("lifetime_corrected_sram", "corrected on-chip memory errors in the card's life",
                              "", false),
            of_the_cards_life("lifetime_uncorrected_sram",
                              "uncorrected on-chip memory errors in the card's life"),
            of_the_cards_life("banks_with_few_spare_rows", "banks that have few spare rows left", "hbm"),
            of_the_cards_life("banks_without_spare_rows", "banks that have no spare row left", "hbm"),
            of_the_cards_life("channel_repair_pending", "1: a repair of a memory channel waits for a reset",
                              "hbm"),
            of_the_cards_life("tpc_repair_pending",
                              "1: a repair of a group of multiprocessors waits for a reset"),
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "where on the chip uncorrected errors were in the card's life",
             .judged = false,
             .may_lack = true},
            {"recovery_action", Unit::count,
             "what the driver asks for: 0 nothing, 1 reset, 2 reboot, 3 drain, 4 both", ""},
            {"sram_threshold_exceeded", Unit::count,
             "1: on-chip memory errors are above the maker's threshold", ""},
            {"pcie_replays", Unit::count, "PCIe replays since the driver was loaded", "", false},
        },
    .findings = {"memory.remap_pending", "memory.remap_failure", "memory.rows_remapped",
                 "memory.ecc_uncorrected", "memory.ecc_history", "device.sram_history",
                 "device.recovery_action", "device.sram_threshold", "device.repair_pending",
                 "device.lifetime_errors", "memory.spare_rows"},
    .run = run,
    .detects = "what the driver has counted or asks for of each GPU: remapped rows, uncorrected errors, a "
               "reset that is due",
    .misses = "anything that the driver does not know, or has forgotten since it was loaded",
}};

}  // namespace
}  // namespace assay
