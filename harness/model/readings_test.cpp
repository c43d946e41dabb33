#include "harness/model/readings.h"

#include <gtest/gtest.h>

#include <set>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

TEST(Readings, AReadingIsItsValueOrWhyThereIsNone) {
  GpuIdentity identity;
  identity.name = Text::of("NVIDIA H200");
  identity.memory_mib = Integer::of(143771);
  identity.module_id = Integer::none("function_not_found");
  const json j = identity;
  EXPECT_EQ(j.at("name"), "NVIDIA H200");
  EXPECT_EQ(j.at("memory_mib"), 143771);
  EXPECT_EQ(j.at("module_id"), json({{"missing", "function_not_found"}}));
}

TEST(Readings, SampleIsFlat) {
  GpuSample sample;
  sample.time = 5;
  sample.power_mw = Integer::of(77'000);
  sample.memory_temperature_c = Integer::none("not_supported");
  const json j = sample;
  EXPECT_EQ(j.at("time"), 5);
  EXPECT_EQ(j.at("power_mw"), 77'000);
  EXPECT_EQ(j.at("memory_temperature_c").at("missing"), "not_supported");
  EXPECT_EQ(j.size(), 13u);
}

/// Each reading another value, so that two that are swapped show.
NodeReadings every_reading_set() {
  NodeReadings node;
  std::int64_t next = 1;
  const auto number = [&] { return Integer::of(next++); };
  const auto text = [&] { return Text::of("text" + std::to_string(next++)); };
  node.time = 1'800'000'000'000'000'001;
  node.simulated = true;
  node.driver_version = text();
  node.nvml_version = text();
  node.cuda_driver_version = number();
  node.confidential_compute = number();
  GpuReadings gpu;
  GpuIdentity& identity = gpu.identity;
  for (Text* member :
       {&identity.name, &identity.uuid, &identity.serial, &identity.board_part_number, &identity.vbios,
        &identity.inforom_image, &identity.gsp_firmware, &identity.pci_address}) {
    *member = text();
  }
  for (Integer* member :
       {&identity.pci_device, &identity.module_id, &identity.memory_mib, &identity.ecc_enabled,
        &identity.mig_enabled, &identity.persistence_enabled, &identity.compute_mode,
        &identity.power_limit_mw, &identity.power_default_limit_mw, &identity.pcie_max_generation,
        &identity.pcie_max_width, &identity.max_sm_mhz, &identity.max_memory_mhz,
        &identity.compute_capability, &identity.inforom_valid, &identity.ecc_after_reset,
        &identity.mig_after_reset, &identity.set_sm_mhz, &identity.default_sm_mhz}) {
    *member = number();
  }
  GpuState& state = gpu.state;
  for (Integer* member : {&state.row_remap_pending,
                          &state.row_remap_failure,
                          &state.recovery_action,
                          &state.sram_threshold_exceeded,
                          &state.utilisation_percent,
                          &state.pcie_generation,
                          &state.pcie_width,
                          &state.fabric_state,
                          &state.fabric_status,
                          &state.fabric_health,
                          &state.spare_rows.all,
                          &state.spare_rows.most,
                          &state.spare_rows.some,
                          &state.spare_rows.few,
                          &state.spare_rows.none,
                          &state.lifetime.corrected_dram,
                          &state.lifetime.uncorrected_dram,
                          &state.lifetime.corrected_sram,
                          &state.lifetime.uncorrected_sram,
                          &state.lifetime.uncorrected_l2,
                          &state.lifetime.uncorrected_sm,
                          &state.lifetime.uncorrected_pcie,
                          &state.lifetime.uncorrected_mcu,
                          &state.lifetime.uncorrected_other,
                          &state.channel_repair_pending,
                          &state.tpc_repair_pending}) {
    *member = number();
  }
  state.counters[counters::energy_mj] = number();
  state.counters[counters::pcie_naks] = Integer::none("gpu_lost");
  NvlinkReading link;
  for (Integer* member :
       {&link.up, &link.mb_per_s, &link.remote_link, &link.replays, &link.recoveries, &link.crc_errors})
    *member = number();
  link.remote = text();
  state.nvlinks = {link, NvlinkReading{}};
  state.processes = decltype(state.processes)::of({{4711, 1LL << 40}});
  gpu.lost = "reset_required";
  node.gpus = {gpu, GpuReadings{}};
  return node;
}

TEST(Readings, NodeSurvivesTheJourney) {
  const NodeReadings before = every_reading_set();
  const NodeReadings after = json::parse(json(before).dump()).get<NodeReadings>();
  EXPECT_EQ(json(after), json(before));
  EXPECT_EQ(after.time, before.time);
  EXPECT_TRUE(after.simulated);
  ASSERT_EQ(after.gpus.size(), 2u);
  EXPECT_EQ(after.gpus[0].lost, "reset_required");
  EXPECT_EQ(after.gpus[1].lost, "");
  const GpuReadings& gpu = after.gpus[0];
  EXPECT_EQ(gpu.identity.pci_address.value, before.gpus[0].identity.pci_address.value);
  EXPECT_EQ(gpu.identity.compute_capability.value, before.gpus[0].identity.compute_capability.value);
  EXPECT_EQ(gpu.state.pcie_width.value, before.gpus[0].state.pcie_width.value);
  EXPECT_EQ(gpu.state.counters.at(counters::pcie_naks).missing, "gpu_lost");
  ASSERT_EQ(gpu.state.nvlinks.size(), 2u);
  EXPECT_EQ(gpu.state.nvlinks[0].remote.value, before.gpus[0].state.nvlinks[0].remote.value);
  EXPECT_FALSE(gpu.state.nvlinks[1].up.has_value());
  ASSERT_TRUE(gpu.state.processes.has_value());
  EXPECT_EQ(gpu.state.processes.value->at(0).memory_bytes, 1LL << 40);
}

TEST(Readings, EachReadingHasAKeyOfItsOwn) {
  const json gpu = json(every_reading_set()).at("gpus").at(0);
  for (const char* part : {"identity", "state"}) {
    std::set<json> values;
    for (const json& value : gpu.at(part)) values.insert(value);
    EXPECT_EQ(values.size(), gpu.at(part).size()) << gpu.at(part);
  }
}

TEST(Readings, MissingKeyIsAnErrorAndNotAReading) {
  json j = every_reading_set();
  j["gpus"][0]["state"].erase("recovery_action");
  EXPECT_THROW(j.get<NodeReadings>(), json::exception);
}

}  // namespace
}  // namespace assay
