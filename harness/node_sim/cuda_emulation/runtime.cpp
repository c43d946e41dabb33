#include "harness/node_sim/cuda_emulation/runtime.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/cuda_emulation/host_thread.h"

namespace assay::cuda_emulation {
namespace {

/// The allocation that holds all these bytes, or the end.
auto holder_of(const void* memory, std::size_t bytes) {
  const auto* const first = static_cast<const char*>(memory);
  auto found = host.allocations.upper_bound(first);
  if (found == host.allocations.begin()) return host.allocations.end();
  --found;
  const auto offset = static_cast<std::uint64_t>(first - found->first);
  const bool inside = offset <= found->second.backed_bytes && bytes <= found->second.backed_bytes - offset;
  return inside ? found : host.allocations.end();
}

Device* holding_device(const void* memory, std::size_t bytes) {
  const auto found = holder_of(memory, bytes);
  return found == host.allocations.end() ? nullptr : found->second.device;
}

int ordinal_of(const Device* device) {
  return static_cast<int>(std::find(host.devices.begin(), host.devices.end(), device) - host.devices.begin());
}

/// At once, or when all that overlaps is there.
void transfer(Device& device, cudaStream_t stream, const Work& work, const std::function<void()>& copy) {
  if (!comes_to_its_end(&device, stream)) return;
  if (!host.overlaps()) return device.transfer(work, copy);
  device.transfer({}, copy);
  host.overlapping.push_back({{&device, work}, stream});
}

/// By whole words, as everything is read: whoever plants something there has whole words behind it.
void copy_through(FaultyMemory& planted, char* to, const char* from, std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t into_word = reinterpret_cast<std::uintptr_t>(from) % sizeof(Word128);
    const std::size_t piece = std::min(bytes, sizeof(Word128) - into_word);
    const Word128 word = planted.load(reinterpret_cast<const Word128*>(from - into_word));
    std::memcpy(to, reinterpret_cast<const char*>(&word) + into_word, piece);
    to += piece;
    from += piece;
    bytes -= piece;
  }
}

}  // namespace

int show_device(Device& device) {
  auto free = std::find(host.devices.begin(), host.devices.end(), nullptr);
  if (free == host.devices.end()) free = host.devices.insert(free, nullptr);
  *free = &device;
  return static_cast<int>(free - host.devices.begin());
}

void hide_device(Device& device) {
  std::replace(host.devices.begin(), host.devices.end(), &device, static_cast<Device*>(nullptr));
  for (auto held = host.allocations.begin(); held != host.allocations.end();)
    held = held->second.device == &device ? host.allocations.erase(held) : std::next(held);
  for (auto gate = host.gates.begin(); gate != host.gates.end();)
    gate = gate->first.first == &device ? host.gates.erase(gate) : std::next(gate);
  for (auto pair = host.access.begin(); pair != host.access.end();)
    pair = pair->first == &device || pair->second == &device ? host.access.erase(pair) : std::next(pair);
  while (!host.devices.empty() && host.devices.back() == nullptr) host.devices.pop_back();
  if (host.device(host.current) == nullptr) host.current = 0;  // as in a new thread
}

Device* visible_device(int ordinal) {
  return host.device(ordinal);
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = static_cast<int>(host.devices.size());
  return host.devices.empty() ? remember(cudaErrorNoDevice) : cudaSuccess;
}

cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* address) {
  for (std::size_t i = 0; i < host.devices.size(); ++i) {
    if (host.devices[i] == nullptr || host.devices[i]->pci_address() != address) continue;
    *device = static_cast<int>(i);
    return cudaSuccess;
  }
  return remember(cudaErrorInvalidDevice);
}

cudaError_t cudaDeviceGetPCIBusId(char* address, int length, int device) {
  const Device* const found = host.device(device);
  if (found == nullptr) return remember(cudaErrorInvalidDevice);
  const std::string text = found->pci_address();
  if (text.size() >= static_cast<std::size_t>(std::max(0, length))) return remember(cudaErrorInvalidValue);
  std::memcpy(address, text.c_str(), text.size() + 1);
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (host.device(device) == nullptr) return remember(cudaErrorInvalidDevice);
  host.current = device;
  return remember(host.device(device)->broken);
}

cudaError_t cudaGetDevice(int* device) {
  *device = host.current;
  return host.device(host.current) == nullptr ? remember(cudaErrorInvalidDevice) : cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  const Device* const found = host.device(device);
  if (found == nullptr) return remember(cudaErrorInvalidDevice);
  *properties = {found->multiprocessors(), static_cast<int>(found->l2_bytes())};
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return on_device([&](Device& device) {
    const DeviceMemory memory = device.memory();
    *free = memory.free_bytes;
    *total = memory.total_bytes;
  });
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  *memory = nullptr;
  if (bytes == 0) return cudaSuccess;
  return on_device([&](Device& device) {
    const Allocation allocation = device.allocate(bytes);
    host.allocations[static_cast<const char*>(allocation.memory)] = {&device, allocation.backed_bytes};
    *memory = allocation.memory;
  });
}

cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  const auto found = host.allocations.find(static_cast<const char*>(memory));
  if (found == host.allocations.end()) return remember(cudaErrorInvalidValue);
  Device* const device = found->second.device;
  on(*device, [](Device& holder) { wait_for_all_streams(&holder); });
  host.allocations.erase(found);
  device->release(memory);
  return remember(device->broken);
}

namespace {

cudaError_t set_in(cudaStream_t stream, void* memory, int value, std::size_t bytes) {
  Device* const holder = holding_device(memory, bytes);
  if (holder == nullptr) return remember(cudaErrorInvalidValue);
  return on_device([&](Device& device) {
    if (!comes_to_its_end(&device, stream)) return;
    holder->transfer({WorkKind::write, static_cast<double>(bytes)},
                     [&] { std::memset(memory, value, bytes); });
  });
}

cudaError_t copy_in(cudaStream_t stream, void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  Device *source = nullptr, *target = nullptr;
  if (kind != cudaMemcpyHostToDevice) source = holding_device(from, bytes);
  if (kind != cudaMemcpyDeviceToHost) target = holding_device(to, bytes);
  if ((kind != cudaMemcpyHostToDevice && source == nullptr) ||
      (kind != cudaMemcpyDeviceToHost && target == nullptr))
    return remember(cudaErrorInvalidValue);
  for (const Device* end : {source, target}) {
    if (end != nullptr && end->broken != cudaSuccess) return remember(end->broken);
  }
  return on_device([&](Device& current) {
    const auto amount = static_cast<double>(bytes);
    const auto move = [&](Device& device, const Work& work) {
      transfer(device, stream, work, [&] {
        FaultyMemory* const planted = source == nullptr ? nullptr : current.copied_memory();
        if (planted == nullptr) {
          std::memmove(to, from, bytes);
        } else {
          copy_through(*planted, static_cast<char*>(to), static_cast<const char*>(from), bytes);
        }
        device.arrived(work, to, bytes);
      });
    };
    const auto over_pcie = [&](WorkKind way, WorkKind at_host, const Device& device, const void* memory) {
      return Work(way, amount).add(at_host, amount, device.numa_node_of(memory));
    };
    if (source == nullptr)
      return move(*target, over_pcie(WorkKind::host_to_device, WorkKind::host_memory, *target, from));
    if (target == nullptr)
      return move(*source, over_pcie(WorkKind::device_to_host, WorkKind::host_written, *source, to));
    if (source == target) return move(*source, {WorkKind::copy, 2 * amount});
    if (&current == target) return move(*target, {WorkKind::from_peer, amount, ordinal_of(source)});
    move(*source, {WorkKind::to_peer, amount, ordinal_of(target)});
  });
}

}  // namespace

cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  return set_in(cudaStreamPerThread, memory, value, bytes);
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return copy_in(cudaStreamPerThread, to, from, bytes, kind);
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return set_in(stream, memory, value, bytes);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return copy_in(stream, to, from, bytes, kind);
}

cudaError_t cudaHostRegister(void* memory, std::size_t bytes, unsigned flags) {
  if (memory == nullptr || bytes == 0 || flags > (cudaHostRegisterPortable | cudaHostRegisterMapped))
    return remember(cudaErrorInvalidValue);
  return on_device([&](Device&) {
    if (!host.registered.emplace(memory, bytes).second)
      throw DeviceFailure{cudaErrorHostMemoryAlreadyRegistered, false};
  });
}

cudaError_t cudaHostUnregister(void* memory) {
  if (host.registered.erase(memory) == 0) return remember(cudaErrorHostMemoryNotRegistered);
  return cudaSuccess;
}

cudaError_t cudaHostGetDevicePointer(void** device_memory, void* memory, unsigned flags) {
  if (flags != 0 || host.registered.count(memory) == 0) return remember(cudaErrorInvalidValue);
  *device_memory = memory;
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  const Device *const one = host.device(device), *const other = host.device(peer);
  if (one == nullptr || other == nullptr) return remember(cudaErrorInvalidDevice);
  *can = one != other && one->can_access(*other) ? 1 : 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned flags) {
  Device* const other = host.device(peer);
  if (flags != 0) return remember(cudaErrorInvalidValue);
  if (other == nullptr) return remember(cudaErrorInvalidDevice);
  return on_device([&](Device& device) {
    if (&device == other) throw DeviceFailure{cudaErrorInvalidDevice, false};
    if (!device.can_access(*other)) throw DeviceFailure{cudaErrorPeerAccessUnsupported, false};
    if (!host.access.emplace(&device, other).second)
      throw DeviceFailure{cudaErrorPeerAccessAlreadyEnabled, false};
  });
}

std::uint64_t backed_bytes(const void* memory) {
  const auto found = holder_of(memory, 1);
  if (found == host.allocations.end()) return 0;
  const auto offset = static_cast<std::uint64_t>(static_cast<const char*>(memory) - found->first);
  return found->second.backed_bytes - offset;
}

cudaError_t cudaGetLastError() {
  const Device* const device = host.device(host.current);
  const cudaError_t error = device != nullptr && device->broken != cudaSuccess ? device->broken : host.last;
  host.last = cudaSuccess;
  return error;
}

}  // namespace assay::cuda_emulation
