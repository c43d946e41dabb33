// The tests of the device halves on a device of the emulation: no GPU is needed, and the sanitizers watch.
#include <gtest/gtest.h>

#include <utility>

#include "harness/node_sim/simulated_backend.h"
#include "kernels/testing/emulated_device.h"
#include "silicon/device_test/cublaslt_for_tests.h"

namespace assay::testing_tools {
namespace {

cuda_emulation::PlainDevice* the_device = nullptr;

}  // namespace

cuda_emulation::PlainDevice& emulated_device() {
  return *the_device;
}

std::unique_ptr<CublasLt> open_cublaslt(std::string& why_not) {
  auto library = sim::open_simulated_cublaslt(why_not);
  return library == nullptr ? nullptr : CublasLt::open(std::move(library), why_not);
}

}  // namespace assay::testing_tools

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  assay::cuda_emulation::PlainDevice device;  // goes before what the thread knows of it does
  assay::testing_tools::the_device = &device;
  return RUN_ALL_TESTS();
}
