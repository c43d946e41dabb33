#include "harness/node/nvml_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "harness/node_sim/nvlink_wiring.h"
#include "harness/node_sim/plant.h"
#include "harness/testing/sim_state_builder.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing_tools::nvml_index_of;
using testing_tools::SimStateFile;

constexpr int kGpus = 8;

std::unique_ptr<NvmlClient> open(const SimStateFile& state) {
  std::string why_not;
  auto client = NvmlClient::open(ASSAY_SIMULATED_NVML, why_not, state.path());
  EXPECT_TRUE(client) << why_not;
  return client;
}

TEST(NvmlClient, ShowsEightGpusInPciOrder) {
  const SimStateFile state;
  const auto client = open(state);
  EXPECT_TRUE(client->simulated());
  ASSERT_EQ(client->device_count(), kGpus);
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    const GpuIdentity identity = client->identity(nvml_index_of(gpu));
    EXPECT_EQ(identity.name.value, "NVIDIA H200");
    EXPECT_EQ(identity.uuid.value, state->constants[gpu].uuid);
    EXPECT_EQ(identity.serial.value, state->constants[gpu].serial);
    EXPECT_EQ(identity.board_part_number.value, "695-2G520-0280-000");
    EXPECT_EQ(identity.vbios.value, "96.00.A5.00.03");
    EXPECT_EQ(identity.inforom_image.value, "G520.0280.02.02");
    EXPECT_EQ(identity.pci_address.value, state->constants[gpu].pci_address);
    EXPECT_EQ(identity.pci_device.value, 0x233510de);
    EXPECT_EQ(identity.module_id.value, gpu + 1);
    EXPECT_EQ(identity.memory_mib.value, 143771);
    EXPECT_EQ(identity.compute_capability.value, 90);
    EXPECT_EQ(identity.max_sm_mhz.value, 1980);
    EXPECT_EQ(identity.max_memory_mhz.value, 3201);
  }
}

TEST(NvmlClient, ReadsSettings) {
  const SimStateFile state;
  sim::GpuDynamic& gpu = state->dynamic[2];
  gpu.ecc_enabled = 0;
  gpu.mig_enabled = 1;
  gpu.persistence_enabled = 0;
  gpu.compute_mode = 3;
  gpu.power_limit_mw = 500'000;
  gpu.pcie_max_generation = 4;
  gpu.pcie_max_width = 8;
  const GpuIdentity identity = open(state)->identity(nvml_index_of(2));
  EXPECT_EQ(identity.ecc_enabled.value, 0);
  EXPECT_EQ(identity.mig_enabled.value, 1);
  EXPECT_EQ(identity.persistence_enabled.value, 0);
  EXPECT_EQ(identity.compute_mode.value, 3);
  EXPECT_EQ(identity.power_limit_mw.value, 500'000);
  EXPECT_EQ(identity.power_default_limit_mw.value, 700'000);
  EXPECT_EQ(identity.pcie_max_generation.value, 4);
  EXPECT_EQ(identity.pcie_max_width.value, 8);
}

TEST(NvmlClient, SamplesOneGpuAtRest) {
  const SimStateFile state;
  const GpuSample sample = open(state)->sample(nvml_index_of(5), kSecond);
  EXPECT_EQ(sample.time, kSecond);
  EXPECT_EQ(sample.power_mw.value, 80'000);
  EXPECT_EQ(sample.sm_mhz.value, 345);
  EXPECT_EQ(sample.memory_mhz.value, 3201);
  EXPECT_EQ(sample.temperature_c.value, 29);         // 23.7 + 80 W x 0.07 C/W
  EXPECT_EQ(sample.memory_temperature_c.value, 25);  // 4 below
  EXPECT_EQ(sample.utilisation_percent.value, 0);
  EXPECT_EQ(sample.throttle_reasons.value, 1);  // idle
  EXPECT_EQ(sample.pcie_generation.value, 5);
  EXPECT_EQ(sample.pcie_width.value, 16);
  EXPECT_EQ(sample.memory_used_mib.value, 0);
}

TEST(NvmlClient, SampleFollowsTheLoad) {
  const SimStateFile state;
  const auto client = open(state);
  sim::change_contexts(*state, 0, testing_tools::kTestNodeTime, 4711, 1);
  sim::add_load(*state, 0, testing_tools::kTestNodeTime, 0, {900'000});
  state->dynamic[0].memory_used_bytes = 120LL << 30;
  state->dynamic[0].power_limit_mw = 500'000;
  state->clock.now += 600 * kSecond;
  const GpuSample sample = client->sample(nvml_index_of(0), state->clock.now);
  EXPECT_EQ(sample.power_mw.value, 500'000);  // of the 578 W that it would draw
  EXPECT_EQ(sample.sm_mhz.value, 823);        // 990 MHz x 387 / 465 W: below half its clock the memory waits
  EXPECT_EQ(sample.temperature_c.value, 59);
  EXPECT_EQ(sample.utilisation_percent.value, 100);
  EXPECT_EQ(sample.memory_utilisation_percent.value, 90);
  EXPECT_EQ(sample.memory_used_mib.value, 120 * 1024);
  EXPECT_EQ(sample.throttle_reasons.value, 4);  // power cap
}

TEST(NvmlClient, CountersFollowTheNode) {
  const SimStateFile state;
  const auto client = open(state);
  EXPECT_EQ(client->state(nvml_index_of(4)).counters.at(counters::ecc_corrected_dram).value, 0);
  sim::GpuDynamic& gpu = state->dynamic[4];
  gpu.ecc_corrected_dram = 17;
  gpu.ecc_uncorrected_dram = 2;
  gpu.remapped_corrected = 3;
  gpu.remapped_uncorrected = 4;
  gpu.remap_pending = 1;
  gpu.remap_failure = 1;
  gpu.recovery_action = 2;
  gpu.pcie_replay = 150;
  gpu.nvlinks[0].replay = 5;
  gpu.nvlinks[7].recovery = 6;
  gpu.nvlinks[17].crc = 3;
  gpu.nvlinks[16].crc = 4;
  gpu.sram_threshold_exceeded = 1;
  gpu.pcie_width = 8;
  state->clock.now += 10 * kSecond;

  const GpuState now = client->state(nvml_index_of(4));
  EXPECT_EQ(now.counters.at(counters::ecc_corrected_dram).value, 17);
  EXPECT_EQ(now.counters.at(counters::ecc_uncorrected_dram).value, 2);
  EXPECT_EQ(now.counters.at(counters::ecc_corrected_sram).value, 0);
  EXPECT_EQ(now.counters.at(counters::ecc_uncorrected_sram).value, 0);
  EXPECT_EQ(now.counters.at(counters::remapped_corrected).value, 3);
  EXPECT_EQ(now.counters.at(counters::remapped_uncorrected).value, 4);
  EXPECT_EQ(now.counters.at(counters::pcie_replay).value, 150);
  EXPECT_EQ(now.nvlinks[0].replays.value, 5);
  EXPECT_EQ(now.nvlinks[7].recoveries.value, 6);
  EXPECT_EQ(now.nvlinks[17].crc_errors.value, 3);
  EXPECT_EQ(now.nvlinks[16].crc_errors.value, 4);
  EXPECT_EQ(now.nvlinks[15].crc_errors.value, 0);
  EXPECT_EQ(now.counters.at(counters::software_thermal_ns).value, 0);
  EXPECT_EQ(now.counters.at(counters::hardware_thermal_ns).value, 0);
  EXPECT_EQ(now.counters.at(counters::power_brake_ns).value, 0);
  EXPECT_EQ(now.counters.at(counters::power_cap_ns).value, 0);
  EXPECT_EQ(now.counters.at(counters::energy_mj).value, 1'000'000 + 790'000);  // 10 s of 79 W
  EXPECT_EQ(now.row_remap_pending.value, 1);
  EXPECT_EQ(now.row_remap_failure.value, 1);
  EXPECT_EQ(now.recovery_action.value, 2);
  EXPECT_EQ(now.sram_threshold_exceeded.value, 1);
  EXPECT_EQ(now.pcie_width.value, 8);

  EXPECT_EQ(client->state(nvml_index_of(3)).counters.at(counters::ecc_corrected_dram).value, 0);
}

TEST(NvmlClient, TellsWhatTheCardHasBehindIt) {
  const SimStateFile state;
  sim::GpuDynamic& gpu = state->dynamic[2];
  gpu.ecc_uncorrected_sram = 1;
  gpu.ecc_uncorrected_sram_before = 2;
  gpu.ecc_uncorrected_dram_aggregate = 5;
  gpu.banks_with_few_rows = 7;
  gpu.banks_without_rows = 1;
  gpu.tpc_repair_pending = 1;
  const GpuState now = open(state)->state(nvml_index_of(2));
  EXPECT_EQ(now.counters.at(counters::ecc_uncorrected_sram).value, 1);
  EXPECT_EQ(now.lifetime.uncorrected_sram.value, 3);
  EXPECT_EQ(now.lifetime.uncorrected_l2.value, 3);
  EXPECT_EQ(now.lifetime.uncorrected_sm.value, 0);
  EXPECT_EQ(now.lifetime.uncorrected_dram.value, 5);
  EXPECT_EQ(now.spare_rows.all.value, 3064);
  EXPECT_EQ(now.spare_rows.few.value, 7);
  EXPECT_EQ(now.spare_rows.none.value, 1);
  EXPECT_EQ(now.channel_repair_pending.value, 0);
  EXPECT_EQ(now.tpc_repair_pending.value, 1);
}

TEST(NvmlClient, TellsWhatIsSetAndWhatTheNextResetSets) {
  const SimStateFile state;
  state->dynamic[1].ecc_changes_with_reset = 1;
  state->dynamic[1].set_sm_mhz = 1500;
  state->confidential_compute = 1;
  const auto client = open(state);
  const GpuIdentity changed = client->identity(nvml_index_of(1)), other = client->identity(nvml_index_of(0));
  EXPECT_EQ(changed.ecc_enabled.value, 1);
  EXPECT_EQ(changed.ecc_after_reset.value, 0);
  EXPECT_EQ(changed.set_sm_mhz.value, 1500);
  EXPECT_EQ(other.ecc_after_reset.value, 1);
  EXPECT_EQ(other.mig_after_reset.value, 0);
  EXPECT_EQ(other.set_sm_mhz.value, 1980);
  EXPECT_EQ(changed.default_sm_mhz.value, 1980);
  EXPECT_EQ(other.inforom_valid.value, 1);
  EXPECT_EQ(other.gsp_firmware.value, client->driver_version().value);
  EXPECT_EQ(client->node(0).confidential_compute.value, 1);
}

TEST(NvmlClient, ListsProcesses) {
  const SimStateFile state;
  state->dynamic[1].processes[0] = {4711, 0, 2LL << 30};
  state->dynamic[1].processes[3] = {4712, 0, 1LL << 30};
  const auto processes = open(state)->state(nvml_index_of(1)).processes;
  ASSERT_TRUE(processes.has_value()) << processes.missing;
  ASSERT_THAT(*processes.value, SizeIs(2));
  EXPECT_EQ((*processes.value)[0].pid, 4711);
  EXPECT_EQ((*processes.value)[1].memory_bytes, 1LL << 30);
}

TEST(NvmlClient, GpuLostMidWayKeepsItsIndexAndItsName) {
  const SimStateFile state;
  const auto client = open(state);
  EXPECT_EQ(client->node(0).gpus[nvml_index_of(6)].lost, "");
  state->dynamic[6].present = 0;

  const NodeReadings node = client->node(0);
  ASSERT_THAT(node.gpus, SizeIs(kGpus));
  const GpuReadings& lost = node.gpus[nvml_index_of(6)];
  EXPECT_EQ(lost.lost, "gpu_lost");
  EXPECT_EQ(lost.identity.serial.value, state->constants[6].serial);
  EXPECT_EQ(lost.identity.module_id.value, 7);
  EXPECT_EQ(lost.identity.ecc_enabled.missing, "gpu_lost");
  EXPECT_EQ(lost.state.recovery_action.missing, "gpu_lost");
  EXPECT_EQ(lost.state.nvlinks[3].up.missing, "gpu_lost");
  EXPECT_EQ(lost.state.processes.missing, "gpu_lost");
  EXPECT_EQ(client->sample(nvml_index_of(6), 0).power_mw.missing, "gpu_lost");
  EXPECT_EQ(node.gpus[nvml_index_of(5)].lost, "");
  EXPECT_EQ(node.gpus[nvml_index_of(7)].lost, "");
}

TEST(NvmlClient, GpuThatNeverAnsweredIsLostWithoutAName) {
  const SimStateFile state;
  const auto client = open(state);
  state->dynamic[0].present = 0;  // before its handle was asked for
  const GpuReadings lost = client->readings(nvml_index_of(0));
  EXPECT_EQ(lost.lost, "gpu_lost");
  EXPECT_EQ(lost.identity.serial.missing, "gpu_lost");
  state->dynamic[0].present = 1;
  EXPECT_EQ(client->readings(nvml_index_of(0)).lost, "");
}

TEST(NvmlClient, GpuThatWasNeverThereIsNotCounted) {
  const SimStateFile state;
  state->dynamic[7].present = 0;  // the first on PCI
  const auto client = open(state);
  EXPECT_EQ(client->device_count(), kGpus - 1);
  EXPECT_EQ(client->identity(0).module_id.value, 7);
}

TEST(NvmlClient, GpusCanBeAskedFromThreadsOfTheirOwn) {
  const SimStateFile state;
  const auto client = open(state);
  std::array<GpuReadings, kGpus> readings;
  std::vector<std::thread> threads;
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    threads.emplace_back([&, gpu] {
      for (int round = 0; round < 20; ++round) readings[gpu] = client->readings(gpu);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    EXPECT_EQ(readings[nvml_index_of(gpu)].identity.serial.value, state->constants[gpu].serial);
  }
}

TEST(NvmlClient, ReadsTheNode) {
  const SimStateFile state;
  const NodeReadings node = open(state)->node(kSecond);
  EXPECT_TRUE(node.simulated);
  EXPECT_EQ(node.time, kSecond);
  EXPECT_EQ(node.driver_version.value, "580.95.05");
  EXPECT_EQ(node.nvml_version.value, "13.580.95.05");
  EXPECT_EQ(node.cuda_driver_version.value, 13000);
}

TEST(NvmlClient, ReadsEveryNvlinkAndWhatItEndsAt) {
  const SimStateFile state;
  sim::GpuDynamic& gpu = state->dynamic[2];
  gpu.nvlinks[4].active = 0;
  gpu.nvlinks[9].up_at = testing_tools::kTestNodeTime + kSecond;
  const auto client = open(state);
  const GpuState now = client->state(nvml_index_of(2));
  ASSERT_THAT(now.nvlinks, SizeIs(sim::kNvlinks));
  std::set<std::pair<std::string, std::int64_t>> ends;
  for (int link = 0; link < sim::kNvlinks; ++link) {
    const bool up = link != 4 && link != 9;
    EXPECT_EQ(now.nvlinks[link].up.value, up ? 1 : 0) << link;
    EXPECT_EQ(now.nvlinks[link].remote.has_value(), up) << link;
    if (!up) continue;
    EXPECT_EQ(now.nvlinks[link].mb_per_s.value, 26562) << link;
    EXPECT_EQ(now.nvlinks[link].remote.value, sim::nvswitch_address(sim::far_end(2, link).nvswitch)) << link;
    EXPECT_TRUE(ends.emplace(*now.nvlinks[link].remote.value, *now.nvlinks[link].remote_link.value).second)
        << link;
  }
  state->clock.now += 2 * kSecond;
  EXPECT_EQ(client->state(nvml_index_of(2)).nvlinks[9].up.value, 1) << "it has trained";
  EXPECT_EQ(now.fabric_state.value, 3);
  EXPECT_EQ(now.fabric_status.value, 0);
}

TEST(NvmlClient, AWayThatIsNotCompletedHasNoResultYet) {
  const SimStateFile state;
  state->fabric_state = 2;
  const GpuState now = open(state)->state(0);
  EXPECT_EQ(now.fabric_state.value, 2);
  EXPECT_EQ(now.fabric_status.missing, "not_completed");
}

TEST(NvmlClient, LinksOfANodeWithoutSwitchesEndAtNothingThatIsShown) {
  const SimStateFile state;
  state->nvswitches = 0;
  const GpuState now = open(state)->state(0);
  EXPECT_EQ(now.nvlinks[0].up.value, 1);
  EXPECT_EQ(now.nvlinks[0].remote.missing, "not_shown");
  EXPECT_EQ(now.fabric_state.missing, "not_supported");
}

TEST(NvmlClient, WithoutAStateFileShowsAHealthyNodeAtRest) {
  std::string why_not;
  const auto client = NvmlClient::open(ASSAY_SIMULATED_NVML, why_not);
  ASSERT_TRUE(client) << why_not;
  ASSERT_EQ(client->device_count(), kGpus);
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    const GpuSample sample = client->sample(gpu, 0);
    EXPECT_GE(sample.power_mw.value, 74'000);
    EXPECT_LE(sample.power_mw.value, 79'000);
    EXPECT_GE(sample.temperature_c.value, 28);
    EXPECT_LE(sample.temperature_c.value, 31);
    EXPECT_EQ(client->readings(gpu).lost, "");
  }
}

TEST(NvmlClient, SaysWhyALibraryCannotBeOpened) {
  std::string why_not;
  EXPECT_FALSE(NvmlClient::open("/nowhere/libnvidia-ml.so.1", why_not));
  EXPECT_THAT(why_not, HasSubstr("/nowhere/libnvidia-ml.so.1"));
  EXPECT_FALSE(NvmlClient::open("libm.so.6", why_not));
  EXPECT_THAT(why_not, HasSubstr("not an NVML library"));
}

TEST(NvmlClient, SaysWhyAStateCannotBeShown) {
  std::string why_not;
  EXPECT_FALSE(NvmlClient::open(ASSAY_SIMULATED_NVML, why_not, "/nowhere/state"));
  EXPECT_THAT(why_not, HasSubstr("/nowhere/state"));
  const SimStateFile state, another;
  const auto client = open(state);
  EXPECT_FALSE(NvmlClient::open(ASSAY_SIMULATED_NVML, why_not, another.path()));
  EXPECT_THAT(why_not, HasSubstr("in_use"));
}

}  // namespace
}  // namespace assay
