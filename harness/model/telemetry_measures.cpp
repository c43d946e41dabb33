#include "harness/model/telemetry_measures.h"

namespace assay {

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
      {"nvlink_replay_delta", Unit::count, "NVLink replays over the step, all links", ""},
      {"nvlink_recovery_delta", Unit::count, "NVLink recoveries over the step, all links", ""},
      {"xid_count", Unit::count,
       "Xid lines that name this GPU over the step; without fatal ones, which are errors, and those that "
       "mean nothing alone (43, 45, 63, 154)",
       ""},
      {"samples", Unit::count, "telemetry samples taken over the step", "", false},
      {"power_median", Unit::watts, "board power over the step, median", "", false},
      {"power_p95", Unit::watts, "board power over the step, 95th percentile", "", false},
      {"temperature_p95", Unit::celsius, "GPU core temperature over the step, 95th percentile", "", false},
      {"memory_temperature_p95", Unit::celsius, "HBM temperature over the step, 95th percentile", "hbm",
       false},
      {"sm_clock_median", Unit::megahertz, "SM clock over the step, median", "", false},
  };
  return measures;
}

const std::vector<FindingCode>& telemetry_findings() {
  static const std::vector<FindingCode> findings{
      "memory.ecc_corrected", "memory.ecc_uncorrected", "memory.rows_remapped", "device.ecc_sram",
      "device.xid",           "pcie.replays",           "nvlink.errors",
  };
  return findings;
}

}  // namespace assay
