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
      "device.xid",           "pcie.replays",           "pcie.errors",          "pcie.uncorrected",
      "nvlink.errors",        "nvlink.link_down",
  };
  return findings;
}

}  // namespace assay
