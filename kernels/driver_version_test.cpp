#include "kernels/driver_version.h"

#include <gtest/gtest.h>

namespace assay::cuda {
namespace {

TEST(DriverVersion, NoneAndTooOldAreToldApart) {
  EXPECT_EQ(insufficient_driver(0, 13000).code(), "harness.no_cuda");
  const DeviceError old = insufficient_driver(12040, 13000);
  EXPECT_EQ(old.code(), "harness.driver_too_old");
  EXPECT_STREQ(old.what(), "the driver is for CUDA up to 12.4, and 13.0 is needed");
}

}  // namespace
}  // namespace assay::cuda
