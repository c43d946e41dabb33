// The tests of the device halves on a device of the emulation: no GPU is needed, and the sanitizers watch.
#include <gtest/gtest.h>

#include "kernels/testing/emulated_device.h"

namespace assay::testing_tools {
namespace {

cuda_emulation::PlainDevice* the_device = nullptr;

}  // namespace

cuda_emulation::PlainDevice& emulated_device() {
  return *the_device;
}

}  // namespace assay::testing_tools

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  assay::cuda_emulation::PlainDevice device;  // goes before what the thread knows of it does
  assay::testing_tools::the_device = &device;
  return RUN_ALL_TESTS();
}
