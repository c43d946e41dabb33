// The tests of the device halves on a device of the emulation: no GPU is needed, and the sanitizers watch.
#include <gtest/gtest.h>

#include "kernels/testing/emulated_device.h"

namespace assay::testing_tools {
namespace {

PlainDevice* the_device = nullptr;

}  // namespace

PlainDevice& emulated_device() {
  return *the_device;
}

}  // namespace assay::testing_tools

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  assay::testing_tools::PlainDevice device;  // goes before what the thread knows of it does
  assay::testing_tools::the_device = &device;
  return RUN_ALL_TESTS();
}
