#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "kernels/driver_version.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const std::string why = assay::cuda::why_no_device(); !why.empty()) {
    std::cerr << "device_test: no GPU: " << why << '\n';
    return 11;
  }
  return RUN_ALL_TESTS();
}
