// What one host thread has of the emulated runtime. For the runtime's own sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/cuda_emulation/runtime.h"

namespace assay::cuda_emulation {

struct Held {
  Device* device;
  std::uint64_t backed_bytes;
};

struct OverlappingWork {
  Concurrent work;
  cudaStream_t stream;
};

struct Awaited {
  cudaStream_t stream;
  std::size_t before;  // of the overlapping work, that which it follows
};

struct HostThread {
  std::vector<Device*> devices;  // by ordinal; null where one was hidden again
  int current = 0;
  cudaError_t last = cudaSuccess;
  double launches_stand_for = 1;
  int overlapped = 0;                        // within one another
  std::vector<OverlappingWork> overlapping;  // since the outermost began
  std::map<cudaEvent_t, Awaited> awaited;    // recorded meanwhile
  std::map<std::pair<const Device*, cudaStream_t>, std::shared_ptr<Gate>> gates;
  std::map<cudaStream_t, Graph> capturing;
  std::map<const void*, std::size_t> registered;             // of the host's memory
  std::map<const char*, Held> allocations;                   // by address
  std::set<std::pair<const Device*, const Device*>> access;  // the first may reach the second's memory

  Device* device(int ordinal) const {
    const bool known = ordinal >= 0 && static_cast<std::size_t>(ordinal) < devices.size();
    return known ? devices[static_cast<std::size_t>(ordinal)] : nullptr;
  }
  bool overlaps() const { return overlapped > 0; }
};

inline thread_local HostThread host;

inline cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) host.last = error;
  return error;
}

/// Calls act(device), as long as its context is whole.
template <typename Act>
cudaError_t on(Device& device, const Act& act) {
  if (device.broken != cudaSuccess) return remember(device.broken);
  try {
    device.require_usable();
    act(device);
  } catch (const DeviceFailure& failure) {
    if (failure.sticky) device.broken = failure.error;
    return remember(failure.error);
  }
  return cudaSuccess;
}

/// The same of the current device.
template <typename Act>
cudaError_t on_device(const Act& act) {
  Device* const device = host.device(host.current);
  if (device == nullptr) return remember(host.devices.empty() ? cudaErrorNoDevice : cudaErrorInvalidDevice);
  return on(*device, act);
}

/// A stream works on the device that was current when it was made.
inline bool is_of_current(cudaStream_t stream) {
  return stream == cudaStreamPerThread || stream->device == host.device(host.current);
}

/// What the stream of the device is behind, if that is not over; null: nothing.
inline std::shared_ptr<Gate> closed_gate(const Device* device, cudaStream_t stream) {
  const auto found = host.gates.find({device, stream});
  if (found == host.gates.end()) return nullptr;
  if (!found->second->over()) return found->second;
  host.gates.erase(found);
  return nullptr;
}

inline void wait_for_stream(const Device* device, cudaStream_t stream) {
  if (const auto gate = closed_gate(device, stream)) gate->wait();
}

/// For work that is put into it. False: that is never done.
inline bool comes_to_its_end(const Device* device, cudaStream_t stream) {
  const auto gate = closed_gate(device, stream);
  return gate == nullptr || gate->wait_within_reason();
}

inline void wait_for_all_streams(const Device* device) {
  std::vector<std::shared_ptr<Gate>> of_it;
  for (const auto& [stream, gate] : host.gates) {
    if (stream.first == device) of_it.push_back(gate);
  }
  for (const auto& gate : of_it) gate->wait();
}

}  // namespace assay::cuda_emulation
