// What the stand-in library holds between nvmlInit and nvmlShutdown: the node it shows, and the GPUs it found
// there.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/node/nvml_functions.h"
#include "harness/node_sim/state.h"

namespace assay::nvml {

/// What a handle points to. Lives as long as the library, so that a stale handle is an error and not a crash.
struct DeviceObject {
  int index;  // NVML's: ascending PCI address, of the GPUs present at nvmlInit
  int gpu;    // the simulated node's: into State::constants and State::dynamic
};

class Session {
 public:
  static Session& instance();

  Return attach(const char* state_path);
  Return initialise();
  Return shut_down();

  /// Nothing while not initialised.
  std::optional<sim::SharedState> state();
  /// By NVML's index. Never asked for while the node's own lock is held.
  std::vector<DeviceObject*> devices();
  /// True for a handle that is one of devices().
  bool knows(const DeviceObject* device);
  /// By the simulated node's clock; a private node runs on the machine's.
  Nanoseconds now();

 private:
  void enumerate();

  std::mutex mutex_;
  int initialised_ = 0;
  std::string path_;  // empty: a private node
  std::optional<sim::SharedState> state_;
  std::array<DeviceObject, sim::kMaxGpus> devices_{};
  int count_ = 0;
};

}  // namespace assay::nvml
