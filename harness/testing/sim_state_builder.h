// A simulated node's state for unit tests: eight GPUs, each with values of its own, so that a mix-up shows.
#pragma once

#include <string>

#include "harness/node_sim/state.h"
#include "harness/testing/scratch_folder.h"

namespace assay::testing_tools {

inline constexpr Nanoseconds kTestNodeTime = 1'800'000'000 * kSecond;

/// State in a temporary file that goes with the object.
class SimStateFile {
 public:
  SimStateFile();

  const std::string& path() const { return path_; }
  sim::State& operator*() const { return *state_; }
  sim::State* operator->() const { return &*state_; }
  /// The node's kernel log; empty at first.
  std::string kernel_log_path() const { return folder_ / "kernel.log"; }

 private:
  testing_tools::ScratchFolder folder_;
  std::string path_ = folder_ / "node.state";
  sim::SharedState state_;
};

/// PCI bus of GPU i: descending, so that the management library's order is not the state's.
int test_pci_bus(int gpu);
/// In the management library's order.
inline int nvml_index_of(int gpu) {
  return sim::kMaxGpus - 1 - gpu;
}

}  // namespace assay::testing_tools
