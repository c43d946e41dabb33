// The emulation runs what CUDA allows and refuses what it forbids.
#include "harness/node_sim/cuda_emulation/grid.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "harness/node_sim/cuda_emulation/device_code.h"

namespace assay::cuda_emulation {
namespace {

using Kernel = std::function<void()>;

void run(Extent blocks, Extent block, const Kernel& kernel, std::uint64_t seed = 1,
         std::size_t dynamic_shared_bytes = 0) {
  Kernel copy = kernel;
  run_grid(
      blocks, block, dynamic_shared_bytes, seed, [](void* it) { (*static_cast<Kernel*>(it))(); }, &copy);
}

std::string error_of(const Kernel& kernel, unsigned threads = 64) {
  try {
    run({2}, {threads}, kernel);
  } catch (const KernelError& error) {
    return error.what();
  }
  return "";
}

TEST(CudaEmulation, EveryThreadRunsOnceWithItsOwnIndex) {
  constexpr Extent kGrid{3, 2, 2}, kBlock{5, 3, 2};
  constexpr std::size_t kInAll = 360;  // 12 blocks of 30
  std::vector<unsigned> runs(kInAll);
  run(kGrid, kBlock, [&] {
    EXPECT_EQ(gridDim.x, 3u);
    EXPECT_EQ(blockDim.y, 3u);
    EXPECT_TRUE(in_device_code());
    const unsigned block = blockIdx.x + kGrid.x * (blockIdx.y + kGrid.y * blockIdx.z);
    const unsigned thread = threadIdx.x + kBlock.x * (threadIdx.y + kBlock.y * threadIdx.z);
    ++runs.at(block * 30 + thread);
  });
  EXPECT_EQ(runs, std::vector<unsigned>(kInAll, 1));
  EXPECT_FALSE(in_device_code());
}

TEST(CudaEmulation, ABarrierOrdersSharedMemory) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    run(
        {3}, {100},
        [] {
          using Row = std::array<unsigned, 100>;
          ASSAY_SHARED(Row, row);
          row[threadIdx.x] = threadIdx.x + blockIdx.x;
          __syncthreads();
          EXPECT_EQ(row[99 - threadIdx.x], 99 - threadIdx.x + blockIdx.x);
        },
        seed);
  }
}

TEST(CudaEmulation, SharedMemoryIsNotCleared) {
  run({1}, {1}, [] {
    ASSAY_SHARED(unsigned, word);
    EXPECT_EQ(word, 0xa5a5a5a5u);
  });
}

TEST(CudaEmulation, DynamicSharedMemoryIsTheLaunchs) {
  run(
      {2}, {32},
      [] {
        auto* const words = static_cast<unsigned*>(dynamic_shared());
        words[threadIdx.x] = threadIdx.x;
        __syncthreads();
        EXPECT_EQ(words[31 - threadIdx.x], 31 - threadIdx.x);
      },
      1, 128);
  EXPECT_NE(error_of([] { dynamic_shared(); }).find("did not ask"), std::string::npos);
}

TEST(CudaEmulation, CollectivesAreTheLanes) {
  run({1}, {64}, [] {
    const unsigned lane = threadIdx.x % 32, whole = 0xffffffffu;
    EXPECT_EQ(__ballot_sync(whole, lane % 3 == 0), 0x49249249u);
    EXPECT_TRUE(__any_sync(whole, lane == 7));
    EXPECT_FALSE(__all_sync(whole, lane != 7));
    EXPECT_EQ(__shfl_down_sync(whole, threadIdx.x, 5), lane + 5 < 32 ? threadIdx.x + 5 : threadIdx.x);
    EXPECT_EQ(__shfl_up_sync(whole, threadIdx.x, 5), lane >= 5 ? threadIdx.x - 5 : threadIdx.x);
    EXPECT_EQ(__shfl_xor_sync(whole, threadIdx.x, 9), threadIdx.x ^ 9u);
    EXPECT_EQ(__shfl_sync(whole, 1.5 * lane, 4), 6.0);
    if (lane < 8) {
      EXPECT_EQ(__ballot_sync(0xffu, lane == 2), 4u);
    }
    __syncwarp();
  });
}

TEST(CudaEmulation, ASlowLaneHearsWhatItMetFor) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    run(
        {1}, {32},
        [] {
          const unsigned lane = threadIdx.x;
          const unsigned first = __shfl_sync(0xffffffffu, lane, 3);
          maybe_pause();
          EXPECT_EQ(first, 3u);
          if (lane < 16) {
            EXPECT_EQ(__shfl_sync(0xffffu, lane * 10, 3), 30u);
          }
        },
        seed);
  }
}

TEST(CudaEmulation, TheOrderIsTheSeeds) {
  const auto order = [](std::uint64_t seed) {
    std::vector<unsigned> seen(std::size_t{4} * 64);
    unsigned next = 0;
    run(
        {4}, {64}, [&] { seen.at(atomicAdd(&next, 1u)) = blockIdx.x * 64 + threadIdx.x; }, seed);
    return seen;
  };
  EXPECT_EQ(order(5), order(5));
  EXPECT_NE(order(5), order(6));
}

TEST(CudaEmulation, ABarrierThatNotAllReachIsADeadlock) {
  const std::string error = error_of([] {
    if (threadIdx.x != 5) __syncthreads();
  });
  EXPECT_NE(error.find("63 of 64 threads wait in the barrier at grid_test.cpp:"), std::string::npos) << error;
}

TEST(CudaEmulation, BarriersInTwoPlacesAreNoBarrier) {
  const std::string error = error_of([] {
    if (threadIdx.x % 2 == 0) {  // NOLINT(bugprone-branch-clone): that is the mistake
      __syncthreads();
    } else {
      __syncthreads();
    }
  });
  EXPECT_NE(error.find("threads of one block wait at"), std::string::npos) << error;
}

TEST(CudaEmulation, LanesThatDoNotMeetAreNamed) {
  // Outside of the macros: all that stands in one has the same place.
  const std::string one_ended = error_of([] {
    if (threadIdx.x % 32 == 3) return;
    __ballot_sync(0xffffffffu, 1);
  });
  EXPECT_NE(one_ended.find("wait"), std::string::npos) << one_ended;
  const std::string left_out = error_of([] { __ballot_sync(0xfffffffeu, 1); });
  EXPECT_NE(left_out.find("its own mask leaves it out"), std::string::npos) << left_out;
  const std::string nobody =
      error_of([] { __shfl_sync(0xffffu << (threadIdx.x & 16), 1, threadIdx.x < 16 ? 20 : 4); });
  EXPECT_NE(nobody.find("a lane that its mask leaves out"), std::string::npos) << nobody;
  const std::string two_places = error_of([] {
    if (threadIdx.x % 2 == 0) {
      __ballot_sync(0xffffffffu, 1);
    } else {
      __ballot_sync(0xffffffffu, 0);
    }
  });
  EXPECT_NE(two_places.find("lanes of one warp meet at"), std::string::npos) << two_places;
  const std::string never = error_of([] {
    if (threadIdx.x % 32 < 8)
      __ballot_sync(0xffffu, 1);
    else
      __ballot_sync(0xffffff00u, 1);
  });
  EXPECT_NE(never.find("wait"), std::string::npos) << never;
}

TEST(CudaEmulation, WhatAKernelThrowsEndsTheLaunchAndLeavesNothing) {
  EXPECT_THROW(run({4}, {64},
                   [] {
                     ASSAY_SHARED(int, count);
                     if (threadIdx.x == 0) count = 1;
                     __syncthreads();
                     if (threadIdx.x == 40) throw DeviceFailure{cudaErrorECCUncorrectable};
                     __syncthreads();
                   }),
               DeviceFailure);
  unsigned ran = 0;
  run({2}, {64}, [&] { atomicAdd(&ran, 1u); });
  EXPECT_EQ(ran, 128u);
}

TEST(CudaEmulation, ShapesThatNoDeviceTakesAreRefused) {
  const auto nothing = [] {};
  EXPECT_THROW(run({1}, {1025}, nothing), std::invalid_argument);
  EXPECT_THROW(run({0}, {32}, nothing), std::invalid_argument);
  EXPECT_THROW(run({1}, {32}, nothing, 1, 228 << 10), std::invalid_argument);
  EXPECT_NE(error_of([&] { run({1}, {1}, nothing); }).find("launch from device code"), std::string::npos);
}

TEST(CudaEmulation, AtomicsLoseNothing) {
  unsigned long long sum = 0;
  run({5}, {96}, [&] { atomicAdd(&sum, 3ULL); });
  EXPECT_EQ(sum, 3ULL * 5 * 96);
}

TEST(CudaEmulation, AnAccessThatIsNotAtomicLosesSome) {
#if defined(ASSAY_THREAD_SANITIZER)
  GTEST_SKIP() << "the thread sanitizer reports this race, as it should";
#endif
  unsigned sum = 0;
  run({5}, {96}, [&] {
    const unsigned before = sum;
    maybe_pause();
    sum = before + 1;
  });
  EXPECT_LT(sum, 5u * 96);
}

}  // namespace
}  // namespace assay::cuda_emulation
