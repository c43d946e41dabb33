#include "kernels/memory_region.h"

#include <gtest/gtest.h>

#include "kernels/host_gpu_for_tests.h"

namespace assay::memory {
namespace {

TEST(AllocateRegion, TakesAllButTheReserve) {
  HostGpu gpu(1, 1ULL << 30);
  const auto region = allocate_region(gpu, 16 << 20);
  ASSERT_EQ(region.size(), 1u);
  EXPECT_EQ(gpu.memory().free_bytes, 16u << 20);
}

TEST(AllocateRegion, TakesSmallerPiecesWhereTheDeviceRefusesLargeOnes) {
  HostGpu gpu(1, 1ULL << 30);
  gpu.largest_allocation = 300 << 20;
  const auto region = allocate_region(gpu, 0);
  EXPECT_EQ(region.size(), 4u);  // 256 MiB each
  EXPECT_EQ(gpu.memory().free_bytes, 0u);
}

TEST(AllocateRegion, RefusalOfEverythingIsTheDevicesError) {
  HostGpu gpu(1, 1ULL << 30);
  gpu.largest_allocation = 0;
  EXPECT_THROW(allocate_region(gpu, 0), DeviceError);
}

}  // namespace
}  // namespace assay::memory
