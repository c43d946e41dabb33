#include "harness/node_sim/sim_device.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_device_fixture.h"

namespace assay::sim {
namespace {

TEST_F(SimDeviceTest, HoldsAContextWhileItLives) {
  auto gpu = open();
  EXPECT_EQ(dynamic().contexts, 1);
  gpu.reset();
  EXPECT_EQ(dynamic().contexts, 0);
}

TEST_F(SimDeviceTest, AbsentGpuIsLost) {
  EXPECT_THROW(SimDevice(state_, 7, clock_, 1), DeviceError);
  dynamic().present = 0;
  EXPECT_THROW(open(), DeviceError);
  EXPECT_EQ(dynamic().contexts, 0);
}

TEST_F(SimDeviceTest, WhoFallsOffDuringALaunchAnswersNoMore) {
  const auto gpu = open();
  clock_.while_asleep = [&] { dynamic().present = 0; };
  EXPECT_EQ(failure_of([&] {
              gpu->execute({WorkKind::read, 1e9}, [] {});
            }),
            cuda_emulation::cudaErrorUnknown);
}

TEST_F(SimDeviceTest, LargeAllocationsShareTheCellsInProportion) {
  const auto gpu = open();
  EXPECT_EQ(gpu->memory().free_bytes, kTotalBytes - kReserved);
  const auto first = gpu->allocate(40 * kGib), second = gpu->allocate(40 * kGib);
  EXPECT_EQ(gpu->memory().free_bytes, kTotalBytes - kReserved - 80 * kGib);
  const double share = 40.0 * static_cast<double>(kGib) / static_cast<double>(kTotalBytes);
  EXPECT_NEAR(static_cast<double>(first.backed_bytes) / sizeof(Word128), share * 10007, 8);
  const auto* const end = static_cast<char*>(first.memory) + first.backed_bytes;
  EXPECT_LE(end, static_cast<char*>(second.memory)) << "no cell is shared";
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second.memory) % 128, 0u) << "nor a line of the cache";

  gpu->release(first.memory);
  const auto third = gpu->allocate(10 * kGib);
  EXPECT_EQ(third.memory, first.memory);
  EXPECT_EQ(failure_of([&] { gpu->allocate(200 * kGib); }), cuda_emulation::cudaErrorMemoryAllocation);
  gpu->release(third.memory);
  gpu->release(second.memory);
  EXPECT_EQ(dynamic().memory_used_bytes, 0);
}

TEST_F(SimDeviceTest, SmallAllocationsAreWhole) {
  const auto gpu = open();
  const auto one = gpu->allocate(1), odd = gpu->allocate(100'003), large = gpu->allocate(kLargestWhole + 1);
  EXPECT_EQ(one.backed_bytes, 1u);
  EXPECT_EQ(odd.backed_bytes, 100'003u);
  EXPECT_LT(large.backed_bytes, kLargestWhole);
  std::memset(odd.memory, 0x5a, odd.backed_bytes);
  EXPECT_EQ(dynamic().memory_used_bytes, 5LL << 21) << "in pages of 2 MiB";
}

TEST_F(SimDeviceTest, WhatIsTooLargeToBeWholeAndTooSmallForACellIsThereAllTheSame) {
  const auto gpu = open();
  const auto first = gpu->allocate(8 << 20), second = gpu->allocate((8 << 20) + 16);
  EXPECT_NE(first.memory, second.memory);
  EXPECT_GT(first.backed_bytes, 0u);
  EXPECT_EQ(second.backed_bytes % 128, 16u) << "what is left of the last line is kept";
  gpu->release(first.memory);
  gpu->release(second.memory);
  EXPECT_EQ(dynamic().memory_used_bytes, 0);
}

TEST_F(SimDeviceTest, APeerSeesWhatIsWritten) {
  const auto gpu = open();
  const auto memory = gpu->allocate(64);
  *static_cast<int*>(memory.memory) = 4711;
  const auto peer = open(2);
  EXPECT_EQ(*static_cast<int*>(memory.memory), 4711);
  const auto of_peer = peer->allocate(64);
  EXPECT_NE(of_peer.memory, memory.memory) << "two workers on one GPU share no memory by chance";
  *static_cast<int*>(of_peer.memory) = 1;
  EXPECT_EQ(*static_cast<int*>(memory.memory), 4711);
}

TEST_F(SimDeviceTest, WhatAProcessHeldIsFreeWhenItIsGone) {
  const auto gpu = open();
  gpu->allocate(40 * kGib);
  {
    const Lock lock(state_->mutex);
    release_process(*state_, 0, getpid());
  }
  EXPECT_EQ(dynamic().memory_used_bytes, 0);
  EXPECT_EQ(dynamic().allocations[0].pid, 0);
  EXPECT_EQ(dynamic().contexts, 0);
}

TEST_F(SimDeviceTest, EverythingFreeCanBeAllocatedAtOnce) {
  const auto gpu = open();
  const AllCells all(*gpu);
  EXPECT_EQ(gpu->memory().free_bytes, 0u);
  EXPECT_GT(all.words, 9900u);
}

TEST_F(SimDeviceTest, LaunchTakesTheTimeOfItsBytesAndLoadsTheMemory) {
  const auto gpu = open();
  std::int64_t load = 0;
  clock_.while_asleep = [&] { load = dynamic().loads[0]; };
  EXPECT_NEAR(launch({WorkKind::copy, 4.3e12}), 1 + 5e-6, 1e-9);
  EXPECT_NEAR(static_cast<double>(load), 4300.0 / 4800 * 1e6, 1e3);
  EXPECT_EQ(dynamic().loads, Loads{});
}

TEST_F(SimDeviceTest, LoadsAddUpAndSharersShareTheBandwidthWhoeverComesFirst) {
  Sharers two_at_memory = kUnshared;
  two_at_memory[static_cast<std::size_t>(Resource::memory)] = 2;
  const auto first = open(1, two_at_memory), second = open(2, two_at_memory);
  std::int64_t most = 0;
  bool both = false;
  clock_.while_asleep = [&] {
    most = std::max(most, dynamic().loads[0]);
    if (std::exchange(both, true)) return;
    const Nanoseconds before = clock_.now();
    second->execute({WorkKind::read, 2.24e12}, [] {});
    EXPECT_NEAR(static_cast<double>(clock_.now() - before) * 1e-9, 1 + 5e-6, 1e-9) << "half of 4480 GB/s";
  };
  first->execute({WorkKind::read, 2.24e12}, [] {});
  EXPECT_NEAR(static_cast<double>(most), 4480.0 / 4800 * 1e6, 1e3);
  EXPECT_EQ(dynamic().loads, Loads{});
}

TEST_F(SimDeviceTest, WorkAtAResourceThatTheCheckDoesNotDeclareIsAnErrorOfOurs) {
  Sharers memory_alone{};
  memory_alone[static_cast<std::size_t>(Resource::memory)] = 1;
  const auto gpu = open(1, memory_alone);
  EXPECT_NO_THROW(gpu->execute({WorkKind::read, 1}, [] {}));
  EXPECT_NO_THROW(gpu->transfer({WorkKind::device_to_host, 1}, [] {})) << "its few results";
  EXPECT_THROW(gpu->transfer({WorkKind::device_to_host, 1e9}, [] {}), std::logic_error);
  try {
    gpu->execute(Work(WorkKind::read, 1).add(WorkKind::bf16, 1), [] {});
    ADD_FAILURE() << "nobody knows with whom it shares the tensor cores";
  } catch (const std::logic_error& error) {
    EXPECT_STREQ(error.what(), "some.check works at tensor_cores, which it does not declare");
  }
}

TEST_F(SimDeviceTest, ACopyReadsThroughWhatIsPlantedInTheMemory) {
  FaultState& wire = plant("hbm_data_wire");  // carries 0
  wire.parameters[0] = {"bit", 77};
  wire.parameters[1] = {"stride", 1};
  const auto gpu = open();
  char* memory = nullptr;
  ASSERT_EQ(cuda_emulation::cudaMalloc(&memory, gpu->memory().free_bytes), cuda_emulation::cudaSuccess);
  const std::uint64_t bytes = cuda_emulation::backed_bytes(memory);
  cuda_emulation::cudaMemset(memory, 0xff, bytes);
  constexpr std::size_t kPlace = 77 / 8, kOffset = 3;
  const auto expect_wrong_bit = [&](std::uint64_t from, std::uint64_t count) {
    std::vector<unsigned char> copy(count, 1);
    cuda_emulation::cudaMemcpy(copy.data(), memory + from, count, cuda_emulation::cudaMemcpyDeviceToHost);
    for (std::uint64_t i = 0; i < count; ++i)
      ASSERT_EQ(copy[i], (from + i) % sizeof(Word128) == kPlace ? 0xff & ~(1 << 77 % 8) : 0xff) << from + i;
  };
  expect_wrong_bit(0, bytes);
  expect_wrong_bit(kOffset, bytes - kOffset);
  expect_wrong_bit(kPlace, 1);
}

TEST_F(SimDeviceTest, ACopyOfWhatEccCannotCorrectBreaksTheContext) {
  plant("hbm_double_bit", "second_bit", 100);
  const auto gpu = open();
  char* memory = nullptr;
  ASSERT_EQ(cuda_emulation::cudaMalloc(&memory, gpu->memory().free_bytes), cuda_emulation::cudaSuccess);
  const std::uint64_t bytes = cuda_emulation::backed_bytes(memory);
  cuda_emulation::cudaMemset(memory, 0, bytes);
  std::vector<char> copy(bytes);
  EXPECT_EQ(cuda_emulation::cudaMemcpy(copy.data() + 3, memory + 3, bytes - 3,
                                       cuda_emulation::cudaMemcpyDeviceToHost),
            cuda_emulation::cudaErrorECCUncorrectable);
  EXPECT_EQ(dynamic().ecc_uncorrected_dram, 1);
  EXPECT_EQ(cuda_emulation::cudaDeviceSynchronize(), cuda_emulation::cudaErrorECCUncorrectable);
}

TEST_F(SimDeviceTest, WorkTakesAsLongAsTheResourceThatIsUsedLongest) {
  const auto gpu = open();
  Loads loads{};
  clock_.while_asleep = [&] { loads = dynamic().loads; };
  Work work(WorkKind::bf16, 827e12);
  work.add(WorkKind::read, 2.24e12);
  EXPECT_NEAR(launch(work), 1 + 5e-6, 1e-9);
  EXPECT_NEAR(static_cast<double>(loads[static_cast<std::size_t>(Resource::tensor_cores)]), 1e6, 10);
  EXPECT_NEAR(static_cast<double>(loads[static_cast<std::size_t>(Resource::memory)]), 2240.0 / 4800 * 1e6,
              1e3);
  EXPECT_EQ(dynamic().loads, Loads{});
}

TEST_F(SimDeviceTest, NoiseIsAFunctionOfSeedAndLaunch) {
  state_->plant.launch_noise = 0.01;
  const auto two_launches = [&](std::uint64_t seed) {
    const auto gpu = open(seed);
    const double first = launch({WorkKind::read, 1e12});
    return std::pair(first, launch({WorkKind::read, 1e12}));
  };
  const auto a = two_launches(1), again = two_launches(1), other = two_launches(2);
  EXPECT_NEAR(a.first, again.first, 2e-9);
  EXPECT_NEAR(a.second, again.second, 2e-9);
  EXPECT_NE(a.first, a.second);
  EXPECT_GT(std::abs(a.first - other.first), 1e-6);
}

TEST_F(SimDeviceTest, SlowMemoryTakesLonger) {
  plant("hbm_slow", "factor", 0.5);
  const auto gpu = open();
  EXPECT_NEAR(launch({WorkKind::read, 4.48e12}), 2, 1e-4);
}

TEST_F(SimDeviceTest, CorrectedErrorsReachTheCounters) {
  plant("hbm_stuck_bit", "value", 1);
  const auto gpu = open();
  const AllCells all(*gpu);
  gpu->execute({WorkKind::read, 1}, [&] {
    auto& memory = *gpu->faulty_memory();
    for (std::uint64_t i = 0; i < all.words; ++i) memory.store(all.first + i, {0, 0});
    for (std::uint64_t i = 0; i < all.words; ++i) EXPECT_EQ(memory.load(all.first + i).low, 0u);
  });
  EXPECT_EQ(dynamic().ecc_corrected_dram, 1);
  EXPECT_EQ(dynamic().ecc_corrected_dram_aggregate, 1);
  EXPECT_EQ(kernel_log(), "");
}

TEST_F(SimDeviceTest, UncorrectedErrorIsReportedAsTheDriverDoes) {
  plant("hbm_double_bit", "second_bit", 100);
  const auto gpu = open();
  const AllCells all(*gpu);
  const auto read_all = [&] {
    gpu->execute({WorkKind::read, 1}, [&] {
      for (std::uint64_t i = 0; i < all.words; ++i) gpu->faulty_memory()->load(all.first + i);
    });
  };
  EXPECT_EQ(failure_of(read_all), cuda_emulation::cudaErrorECCUncorrectable);
  EXPECT_EQ(dynamic().ecc_uncorrected_dram, 1);
  EXPECT_EQ(dynamic().remapped_uncorrected, 1);
  EXPECT_EQ(dynamic().remap_pending, 1);
  EXPECT_EQ(dynamic().recovery_action, 4);
  const std::string log = kernel_log();
  EXPECT_NE(log.find("NVRM: Xid (PCI:0000:1b:00): 94, pid="), std::string::npos) << log;
  EXPECT_NE(log.find("NVRM: Xid (PCI:0000:1b:00): 63, "), std::string::npos) << log;
  EXPECT_NE(log.find("NVRM: Xid (PCI:0000:1b:00): 154, "), std::string::npos) << log;
}

TEST_F(SimDeviceTest, EveryLaunchIsShuffledOtherwise) {
  const auto gpu = open();
  const std::uint64_t first = gpu->schedule_seed();
  EXPECT_NE(first, gpu->schedule_seed());
  EXPECT_EQ(first, open()->schedule_seed());
}

}  // namespace
}  // namespace assay::sim
