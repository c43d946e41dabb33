#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <utility>

#include "harness/node_real/real_backend.h"
#include "kernels/driver_version.h"
#include "silicon/device_test/cublaslt_for_tests.h"

namespace assay::testing_tools {

std::unique_ptr<CublasLt> open_cublaslt(std::string& why_not) {
  auto library = open_real_cublaslt(why_not);
  return library == nullptr ? nullptr : CublasLt::open(std::move(library), why_not);
}

}  // namespace assay::testing_tools

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const std::string why = assay::cuda::why_no_device(); !why.empty()) {
    std::cerr << "device_test: no GPU: " << why << '\n';
    return 11;
  }
  return RUN_ALL_TESTS();
}
