#include "harness/node_sim/nvml_library/session.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <exception>
#include <utility>

#include "harness/node_sim/nvml_library/private_node.h"
#include "harness/node_sim/virtual_clock.h"

namespace assay::nvml {

Session& Session::instance() {
  static Session session;
  return session;
}

Return Session::attach(const char* state_path) {
  const std::lock_guard lock(mutex_);
  const std::string path = state_path ? state_path : "";
  if (initialised_ > 0) return path == path_ ? Return::success : Return::in_use;
  try {
    state_.reset();
    path_.clear();
    if (!path.empty()) state_ = sim::SharedState::attach(path);
    path_ = path;
    return Return::success;
  } catch (const std::exception&) {
    return Return::not_found;
  }
}

Return Session::initialise() {
  const std::lock_guard lock(mutex_);
  if (initialised_ == 0) {
    try {
      if (!state_) state_ = make_private_node();
    } catch (const std::exception&) {
      return Return::memory;
    }
    enumerate();
  }
  ++initialised_;
  return Return::success;
}

Return Session::shut_down() {
  const std::lock_guard lock(mutex_);
  if (initialised_ == 0) return Return::uninitialized;
  --initialised_;
  return Return::success;
}

void Session::enumerate() {
  sim::State& state = **state_;
  const sim::Lock lock(state.mutex);
  count_ = 0;
  for (int gpu = 0; gpu < std::min(state.gpu_count, sim::kMaxGpus); ++gpu) {
    if (state.dynamic[gpu].present) devices_[count_++].gpu = gpu;
  }
  std::sort(devices_.begin(), devices_.begin() + count_, [&](const DeviceObject& a, const DeviceObject& b) {
    return std::strcmp(state.constants[a.gpu].pci_address, state.constants[b.gpu].pci_address) < 0;
  });
  for (int index = 0; index < count_; ++index) devices_[index].index = index;
}

std::optional<sim::SharedState> Session::state() {
  const std::lock_guard lock(mutex_);
  return initialised_ > 0 ? state_ : std::nullopt;
}

std::vector<DeviceObject*> Session::devices() {
  const std::lock_guard lock(mutex_);
  std::vector<DeviceObject*> devices;
  for (int index = 0; index < count_; ++index) devices.push_back(&devices_[index]);
  return devices;
}

bool Session::knows(const DeviceObject* device) {
  const std::lock_guard lock(mutex_);
  return std::any_of(devices_.begin(), devices_.begin() + count_,
                     [device](const DeviceObject& known) { return &known == device; });
}

Nanoseconds Session::now() {
  std::optional<sim::SharedState> shared;
  {
    const std::lock_guard lock(mutex_);
    if (!path_.empty()) shared = state_;
  }
  if (shared) return sim::now((*shared)->clock);
  timespec real{};
  clock_gettime(CLOCK_REALTIME, &real);
  return real.tv_sec * kSecond + real.tv_nsec;
}

}  // namespace assay::nvml
