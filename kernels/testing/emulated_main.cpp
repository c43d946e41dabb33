// The tests of the device halves on a device of the emulation: no GPU is needed, and the sanitizers watch.
#include <gtest/gtest.h>

#include "kernels/testing/emulated_device.h"

namespace assay::testing_tools {

PlainDevice& emulated_device() {
  static PlainDevice device;
  return device;
}

}  // namespace assay::testing_tools

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  assay::testing_tools::emulated_device();
  return RUN_ALL_TESTS();
}
