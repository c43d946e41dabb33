#include "harness/model/telemetry_measures.h"

namespace assay {

namespace {

/// Of one of many, where there is something to say of it.
Measure numbered(Measure measure) {
  measure.numbered = true;
  return measure;
}

}  // namespace

const std::vector<Measure>& telemetry_measures() {
  static const std::vector<Measure> measures{
      {"ecc_corrected_dram_delta", Unit::count, "corrected HBM errors counted over the step", "hbm"},
      {"ecc_uncorrected_dram_delta", Unit::count, "uncorrected HBM errors counted over the step", "hbm"},
      {"ecc_corrected_sram_delta", Unit::count, "corrected on-chip memory errors counted over the step", ""},
      {"ecc_uncorrected_sram_delta", Unit::count, "uncorrected on-chip memory errors counted over the step",
       ""},
      {"remapped_rows_uncorrected_delta", Unit::count,
       "HBM rows remapped for uncorrected errors over the step", "hbm"},
      {"pcie_replay_delta", Unit::count, "PCIe replays counted over the step", "pcie"},
      {"pcie_rollover_delta", Unit::count,
       "PCIe replays over the step that did not help, so that the link trained again", "pcie"},
      {"pcie_nak_delta", Unit::count, "PCIe packets over the step that the GPU or the port above it refused",
       "pcie"},
      {"pcie_corrected_delta", Unit::count,
       "PCIe errors over the step that the GPU counted and corrected: of its receiver, of packets", "pcie"},
      {"pcie_uncorrected_delta", Unit::count,
       "PCIe errors over the step that the GPU counted and could not correct", "pcie"},
      {"pcie_recovery_delta", Unit::count,
       "how often the GPU's PCIe link left its working state over the step and trained again", "pcie", false},
      {"nvlinks_counted", Unit::count,
       "NVLinks that were up after the step, and whose errors were counted over it", ""},
      numbered({"nvlink_replay_delta", Unit::count, "replays of one NVLink over the step", "nvlink"}),
      numbered({"nvlink_recovery_delta", Unit::count,
                "how often one NVLink went down over the step and trained again", "nvlink"}),
      numbered({"nvlink_crc_delta", Unit::count, "damaged packets on one NVLink over the step", "nvlink"}),
      numbered({kCulprit, Unit::text, "where the NVLink ends", "nvlink", false}),
      {"xid_count", Unit::count,
       "Xid lines that name this GPU over the step; without fatal ones, which are errors, and those that "
       "mean nothing alone (43, 45, 63, 154)",
       ""},
      {"sw_thermal_share", Unit::ratio,
       "for how much of the step the driver held the clock down for heat, of the core or of the memory; 0 "
       "below 0.2 s",
       ""},
      {"hw_thermal_slowdown", Unit::seconds,
       "for how long over the step the hardware held the clock down for heat", ""},
      {"power_brake", Unit::seconds,
       "for how long over the step a power brake from outside the GPU held the clock down", ""},
      {"sw_thermal_slowdown", Unit::seconds,
       "for how long over the step the driver held the clock down for heat", "", false},
      {"hw_other_slowdown", Unit::seconds,
       "for how long over the step the hardware held the clock down for what it does not tell, by samples",
       "", false},
      {"power_cap", Unit::seconds,
       "for how long over the step the power limit held the clock down: at full load it does", "", false},
      {.name = "pcie_generation_at_work",
       .meaning = "highest PCIe generation that the GPU's link was seen at while the GPU was at work",
       .subcomponent = "pcie",
       .may_lack = true},
      {.name = "pcie_width_at_work",
       .meaning = "most lanes that the GPU's link was seen at while the GPU was at work",
       .subcomponent = "pcie",
       .may_lack = true},
      {"samples", Unit::count, "telemetry samples taken over the step", "", false},
      {"power_median", Unit::watts, "board power over the step, median", "", false},
      {"power_p95", Unit::watts, "board power over the step, 95th percentile", "", false},
      {"power_steady", Unit::watts, "board power over the last half of the time at work, median", "", false},
      {"sm_clock_steady", Unit::megahertz, "SM clock over the last half of the time at work, median", "",
       false},
      {"temperature_steady", Unit::celsius,
       "GPU core temperature over the last half of the time at work, median", "", false},
      {"memory_temperature_steady", Unit::celsius,
       "HBM temperature over the last half of the time at work, median", "hbm", false},
      {"memory_over_core_steady", Unit::celsius,
       "how much warmer the HBM is than the core over the last half of the time at work, median", "hbm",
       false},
      {"margin_steady", Unit::celsius,
       "from the core temperature to where it is slowed down, over the last half of the time at work, "
       "median, "
       "asked once a second",
       "", false},
      {"cooling_drop", Unit::celsius_per_watt,
       "by how much the core was cooler 3 s after a load, over how much less it drew: of the chip and its "
       "cold "
       "plate",
       "", false},
      {"temperature_drift", Unit::celsius,
       "by how much the core was warmer in the last quarter of the time at work than in the one before", "",
       false},
      {"energy_over_power", Unit::ratio,
       "the GPU's energy counter over the step, over what its power readings add up to; of steps that were "
       "watched for 20 s and more from end to end",
       "", false},
      {"temperature_p95", Unit::celsius, "GPU core temperature over the step, 95th percentile", "", false},
      {"memory_temperature_p95", Unit::celsius, "HBM temperature over the step, 95th percentile", "hbm",
       false},
      {"sm_clock_median", Unit::megahertz, "SM clock over the step, median", "", false},
  };
  return measures;
}

const std::vector<FindingCode>& telemetry_findings() {
  static const std::vector<FindingCode> findings{
      "memory.ecc_corrected", "memory.ecc_uncorrected",
      "memory.rows_remapped", "device.ecc_sram",
      "device.xid",           "pcie.replays",
      "pcie.errors",          "pcie.uncorrected",
      "nvlink.errors",        "nvlink.link_down",
      "thermal.slowed_down",  "power.brake",
      "compute.slow_clock",   "thermal.hot",
      "thermal.bad_contact",  "thermal.not_steady",
      "thermal.no_margin",    "pcie.generation",
      "pcie.width",           "power.readings_disagree",
  };
  return findings;
}

}  // namespace assay
