// Two simulated GPUs: transfers, their links, and memory that one reads of the other.
#include <stdexcept>

#include "harness/node_sim/sim_device_fixture.h"

namespace assay::sim {
namespace {

/// A second GPU, in slot 2, with links between the two.
struct PeersTest : SimDeviceTest {
  PeersTest() {
    GpuConstants& constants = state_->constants[0];
    constants.memory_bytes = static_cast<std::int64_t>(kTotalBytes);
    constants.cell_words = 10007;
    constants.bandwidth_factor = 1;
    std::strcpy(constants.pci_address, "0000:2b:00.0");
    for (int gpu = 0; gpu < 2; ++gpu) {
      state_->dynamic[gpu].present = 1;
      for (Nvlink& link : state_->dynamic[gpu].nvlinks) link.active = 1;
      state_->dynamic[gpu].pcie_generation = 5;
      state_->dynamic[gpu].pcie_width = 16;
      state_->dynamic[gpu].power_limit_mw = 700'000;
    }
  }
  std::unique_ptr<SimDevice> open_peer() { return std::make_unique<SimDevice>(state_, 2, clock_, 1); }
  double seconds(const std::function<void()>& action) {
    const Nanoseconds before = clock_.now();
    action();
    return static_cast<double>(clock_.now() - before) * 1e-9;
  }
  static std::int64_t load(const GpuDynamic& gpu, Resource resource) {
    return gpu.loads[static_cast<std::size_t>(resource)];
  }
};

TEST_F(PeersTest, ATransferLoadsAndCountsBothItsEnds) {
  const auto gpu = open(), peer = open_peer();
  GpuDynamic& other = state_->dynamic[0];
  clock_.while_asleep = [&] {
    EXPECT_NEAR(static_cast<double>(load(dynamic(), Resource::nvlink_out)), 1e6, 10);
    EXPECT_NEAR(static_cast<double>(load(other, Resource::nvlink_in)), 1e6, 10);
    EXPECT_EQ(load(other, Resource::nvlink_out), 0);
  };
  const Work sent(WorkKind::to_peer, 396e9, 1);
  EXPECT_NEAR(seconds([&] { gpu->transfer(sent, [] {}); }), 1, 1e-4);
  for (int link = 0; link < kNvlinks; ++link) {
    EXPECT_EQ(dynamic().nvlinks[link].sent_bytes, 22'000'000'000);
    EXPECT_EQ(other.nvlinks[link].received_bytes, 22'000'000'000);
    EXPECT_EQ(other.nvlinks[link].sent_bytes, 0);
  }
  EXPECT_EQ(other.loads, Loads{});
}

TEST_F(PeersTest, NoByteIsLostBetweenTheLinks) {
  const auto gpu = open(), peer = open_peer();
  gpu->transfer({WorkKind::from_peer, 20, 1}, [] {});
  std::int64_t received = 0, sent = 0;
  for (int link = 0; link < kNvlinks; ++link) {
    received += dynamic().nvlinks[link].received_bytes;
    sent += state_->dynamic[0].nvlinks[link].sent_bytes;
  }
  EXPECT_EQ(received, 20);
  EXPECT_EQ(sent, 20);
}

TEST_F(PeersTest, AKernelThatWorksOnPeersMemoryTakesTheTimeOfItsSlowestLink) {
  const auto gpu = open(), peer = open_peer();
  clock_.while_asleep = [&] {
    EXPECT_NEAR(static_cast<double>(load(dynamic(), Resource::nvlink_in)), 1e6, 1e2);
    EXPECT_NEAR(static_cast<double>(load(state_->dynamic[0], Resource::nvlink_out)), 1e6, 1e2);
  };
  const Work work = Work(WorkKind::read, 4480e6).add(WorkKind::from_peer, 396e9, 1);
  EXPECT_NEAR(seconds([&] { gpu->execute(work, [] {}); }), 1, 1e-4);
  EXPECT_EQ(dynamic().nvlinks[17].received_bytes, 22'000'000'000);
  EXPECT_EQ(state_->dynamic[0].nvlinks[17].sent_bytes, 22'000'000'000);
  EXPECT_EQ(state_->dynamic[0].nvlinks[17].received_bytes, 0);
}

TEST_F(PeersTest, WorkWithAPeerThatIsNoneIsAnErrorOfOurs) {
  const auto gpu = open();
  for (const int peer : {kNoPeer, 0, 1})
    EXPECT_THROW(gpu->execute({WorkKind::from_peer, 1, peer}, [] {}), std::logic_error) << peer;
}

TEST_F(PeersTest, TheHostsMemoryIsSharedByAllThatAreAtWorkAtIt) {
  Sharers crowd = kUnshared;
  crowd[static_cast<std::size_t>(Resource::host_memory)] = 20;
  const auto gpu = open(1, crowd);
  const double mine = state_->plant.speed.rate(WorkKind::host_memory) / 20;
  const Work up = Work(WorkKind::host_to_device, mine).add(WorkKind::host_memory, mine);
  EXPECT_NEAR(seconds([&] { gpu->transfer(up, [] {}); }), 1, 1e-4) << "the link alone takes half of that";
}

TEST_F(PeersTest, LinksThatAreDownAreMissingAtEitherEnd) {
  const auto gpu = open(), peer = open_peer();
  const Work sent(WorkKind::to_peer, 396e9, 1);
  for (int link = 0; link < kNvlinks / 2; ++link) state_->dynamic[0].nvlinks[link].active = 0;
  EXPECT_NEAR(seconds([&] { gpu->transfer(sent, [] {}); }), 2, 1e-4);
  EXPECT_EQ(state_->dynamic[0].nvlinks[0].received_bytes, 0);
  EXPECT_EQ(state_->dynamic[0].nvlinks[17].received_bytes, 44'000'000'000);
}

TEST_F(PeersTest, WithoutALinkPeersReachOneAnotherThroughTheHost) {
  const auto gpu = open(), peer = open_peer();
  for (Nvlink& link : state_->dynamic[0].nvlinks) link.active = 0;
  const Work sent(WorkKind::to_peer, 54.9e9, 1);
  clock_.while_asleep = [&] {
    EXPECT_GT(load(dynamic(), Resource::pcie_out), 990'000);
    EXPECT_GT(load(state_->dynamic[0], Resource::pcie_in), 990'000);
    EXPECT_EQ(load(dynamic(), Resource::nvlink_out), 0);
  };
  EXPECT_NEAR(seconds([&] { gpu->transfer(sent, [] {}); }), 1, 1e-4);
  EXPECT_EQ(dynamic().pcie_sent_bytes, 54'900'000'000);
  EXPECT_EQ(state_->dynamic[0].pcie_received_bytes, 54'900'000'000);
  EXPECT_EQ(dynamic().nvlinks[3].sent_bytes, 0);
}

TEST_F(PeersTest, WithoutALinkWhatPeersSendPassesTheHostsMemoryTwice) {
  Sharers crowd = kUnshared;
  crowd[static_cast<std::size_t>(Resource::host_memory)] = 20;
  const auto gpu = open(1, crowd), peer = open_peer();
  for (Nvlink& link : state_->dynamic[0].nvlinks) link.active = 0;
  const double mine = state_->plant.speed.rate(WorkKind::host_memory) / 20;
  EXPECT_NEAR(seconds([&] { gpu->transfer({WorkKind::to_peer, mine, 1}, [] {}); }), 2, 1e-4);
}

TEST_F(PeersTest, WhoWorksWithAPeerDeclaresNvlinkBothWays) {
  Sharers inwards = kUnshared;
  inwards[static_cast<std::size_t>(Resource::nvlink_out)] = 0;
  const auto gpu = open(1, inwards), peer = open_peer();
  EXPECT_THROW(gpu->execute({WorkKind::from_peer, 1, 1}, [] {}), std::logic_error);
  EXPECT_THROW(gpu->transfer({WorkKind::from_peer, 1e9, 1}, [] {}), std::logic_error);
  EXPECT_NO_THROW(gpu->transfer({WorkKind::from_peer, 64, 1}, [] {})) << "too short to be shared";
}

TEST_F(PeersTest, ThePcieLinkCarriesWhatTheHostCopiesAsFastAsItWasTrained) {
  const auto gpu = open();
  const Work up(WorkKind::host_to_device, 54.9e9);
  EXPECT_NEAR(seconds([&] { gpu->transfer(up, [] {}); }), 1, 1e-4);
  EXPECT_EQ(dynamic().pcie_received_bytes, 54'900'000'000);
  EXPECT_EQ(dynamic().pcie_sent_bytes, 0);
  dynamic().pcie_width = 8;
  EXPECT_NEAR(seconds([&] { gpu->transfer(up, [] {}); }), 2, 1e-4);
  dynamic().pcie_generation = 4;
  EXPECT_NEAR(seconds([&] { gpu->transfer(up, [] {}); }), 4, 1e-4);
}

TEST_F(PeersTest, TheTimeOfShortWorkPassesWithTheNextOrWhenTheHostWaits) {
  const auto gpu = open();
  const auto download = [&] { gpu->transfer({WorkKind::device_to_host, 64}, [] {}); };
  const Nanoseconds before = gpu->now();
  EXPECT_EQ(seconds(download), 0);
  const double owed = static_cast<double>(gpu->now() - before) * 1e-9;
  EXPECT_NEAR(owed, 4.5e-6, 1e-8) << "an event shows it at once";
  EXPECT_NEAR(launch({WorkKind::read, 448e6}), owed + 100e-6 + 5e-6, 2e-9);
  EXPECT_EQ(launch({WorkKind::read, 4480e3}), 0);
  EXPECT_NEAR(seconds([&] { gpu->settle(); }), 1e-6 + 5e-6, 2e-9);
  EXPECT_EQ(dynamic().pcie_sent_bytes, 64);
  download();
  EXPECT_NEAR(seconds([&] { gpu->settle(); }), owed, 2e-9);
  EXPECT_NEAR(seconds([&] {
                for (int i = 0; i < 100; ++i) download();
              }),
              100 * owed, 60e-6);
}

TEST_F(PeersTest, WhatIsOwedPassesWhileOthersAreWaitedFor) {
  const auto gpu = open();
  gpu->transfer({WorkKind::device_to_host, 64}, [] {});
  const Nanoseconds ahead = gpu->now() - clock_.now();
  ASSERT_GT(ahead, 0);
  const Nanoseconds soon = clock_.now() + ahead / 2, late = clock_.now() + kSecond;
  gpu->fabric()->wait_until(soon);
  EXPECT_EQ(gpu->now(), soon + ahead - ahead / 2) << "not all of it";
  gpu->fabric()->wait_until(late);
  EXPECT_EQ(gpu->now(), late);
}

TEST_F(PeersTest, APeerThatFellOffEndsTheTransfer) {
  const auto gpu = open(), peer = open_peer();
  state_->dynamic[0].present = 0;
  EXPECT_EQ(failure_of([&] {
              gpu->transfer({WorkKind::to_peer, 64, 1}, [] {});
            }),
            cuda_emulation::cudaErrorUnknown);
}

TEST_F(PeersTest, APeersCellsAreReadThroughWhatIsPlantedInThemAndCountedAsTheirs) {
  plant("hbm_stuck_bit", "value", 1);
  const auto gpu = open(), peer = open_peer();
  const AllCells all(*gpu);
  peer->execute({WorkKind::read, 1}, [&] {
    auto& memory = *peer->faulty_memory();
    for (std::uint64_t i = 0; i < all.words; ++i) memory.store(all.first + i, {0, 0});
    for (std::uint64_t i = 0; i < all.words; ++i) EXPECT_EQ(memory.load(all.first + i).low, 0u);
  });
  EXPECT_EQ(dynamic().ecc_corrected_dram, 1);
  EXPECT_EQ(state_->dynamic[0].ecc_corrected_dram, 0);
}

TEST_F(PeersTest, WhatAPeerCannotDeliverIsAContainedErrorOfTheReaderAndAnEccErrorOfThePeer) {
  plant("hbm_double_bit", "second_bit", 100);
  const auto gpu = open(), peer = open_peer();
  const AllCells all(*gpu);
  EXPECT_EQ(failure_of([&] {
              peer->execute({WorkKind::read, 1}, [&] {
                for (std::uint64_t i = 0; i < all.words; ++i) peer->faulty_memory()->load(all.first + i);
              });
            }),
            cuda_emulation::cudaErrorContained);
  EXPECT_EQ(dynamic().ecc_uncorrected_dram, 1);
  EXPECT_EQ(state_->dynamic[0].ecc_uncorrected_dram, 0);
}

TEST_F(PeersTest, ACopyOfWhatAPeerCannotDeliverIsAContainedErrorOfTheReader) {
  plant("hbm_double_bit", "second_bit", 100);
  const auto gpu = open(), peer = open_peer();
  ASSERT_EQ(cuda_emulation::cudaSetDevice(0), cuda_emulation::cudaSuccess);
  void *cells = nullptr, *copy = nullptr;
  ASSERT_EQ(cuda_emulation::cudaMalloc(&cells, gpu->memory().free_bytes), cuda_emulation::cudaSuccess);
  const std::uint64_t bytes = cuda_emulation::backed_bytes(cells);
  cuda_emulation::cudaMemset(cells, 0, bytes);
  ASSERT_EQ(cuda_emulation::cudaSetDevice(1), cuda_emulation::cudaSuccess);
  ASSERT_EQ(cuda_emulation::cudaMalloc(&copy, peer->memory().free_bytes), cuda_emulation::cudaSuccess);
  EXPECT_EQ(cuda_emulation::cudaMemcpy(copy, cells, bytes, cuda_emulation::cudaMemcpyDeviceToDevice),
            cuda_emulation::cudaErrorContained);
  EXPECT_EQ(dynamic().ecc_uncorrected_dram, 1);
  EXPECT_EQ(state_->dynamic[0].ecc_uncorrected_dram, 0);
}

}  // namespace
}  // namespace assay::sim
