#include "kernels/memory_region.h"

#include <gtest/gtest.h>

#include "harness/testing/plain_gpu.h"

namespace assay::memory {
namespace {

using testing_tools::PlainGpu;

TEST(AllocateRegion, TakesAllButTheReserve) {
  PlainGpu gpu(1ULL << 30);
  const auto region = allocate_region(*gpu, 16 << 20);
  ASSERT_EQ(region.size(), 1u);
  EXPECT_EQ(gpu->memory().free_bytes, 16u << 20);
}

TEST(AllocateRegion, TakesTheLargestPiecesThatTheDeviceGives) {
  PlainGpu gpu(1ULL << 30);
  gpu.device.largest_allocation = 700 << 20;
  const auto region = allocate_region(*gpu, 0);
  ASSERT_EQ(region.size(), 2u);
  EXPECT_GT(region[0]->bytes(), (700ULL - 64) << 20);
  EXPECT_EQ(gpu->memory().free_bytes, 0u);
}

TEST(AllocateRegion, RefusalOfEverythingIsTheDevicesError) {
  PlainGpu gpu(1ULL << 30);
  gpu.device.largest_allocation = 0;
  EXPECT_THROW(allocate_region(*gpu, 0), DeviceError);
}

}  // namespace
}  // namespace assay::memory
