// The stand-in, opened by path, showing a node of its own.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "harness/node/nvml_functions.h"
#include "harness/testing/sim_state_builder.h"

namespace assay::nvml {

using ::assay::testing_tools::nvml_index_of;
using ::assay::testing_tools::SimStateFile;

class NvmlLibrary : public ::testing::Test {
 protected:
  NvmlLibrary() : library(dlopen(ASSAY_SIMULATED_NVML, RTLD_NOW | RTLD_LOCAL)) {}
  ~NvmlLibrary() override {
    if (initialised) call<decltype(nvmlShutdown)>("nvmlShutdown")();
    dlclose(library);
  }

  template <typename Signature>
  Signature* call(const char* symbol) {
    auto* function = reinterpret_cast<Signature*>(dlsym(library, symbol));
    if (!function) throw std::runtime_error(std::string("no symbol ") + symbol);
    return function;
  }
#define CALL(function) call<decltype(function)>(#function)

  void initialise() {
    ASSERT_EQ(CALL(assay_simulated_attach)(state.path().c_str()), Return::success);
    ASSERT_EQ(CALL(nvmlInit_v2)(), Return::success);
    initialised = true;
  }
  Device gpu(unsigned index) {
    Device device = nullptr;
    EXPECT_EQ(CALL(nvmlDeviceGetHandleByIndex_v2)(index, &device), Return::success);
    return device;
  }

  SimStateFile state;
  void* library;
  bool initialised = false;
};

}  // namespace assay::nvml
