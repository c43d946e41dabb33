#include "harness/node_sim/cuda_emulation/runtime.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/cuda_emulation/device_code.h"

namespace assay::cuda_emulation {
namespace {

struct Held {
  Device* device;
  std::uint64_t backed_bytes;
};

/// What one host thread has of the runtime.
struct HostThread {
  std::vector<Device*> devices;  // by ordinal; null where one was hidden again
  int current = 0;
  cudaError_t last = cudaSuccess;
  double launches_stand_for = 1;
  bool copies_overlap = false;
  std::map<Device*, Work> overlapping;            // since that began
  std::map<const void*, std::size_t> registered;  // of the host's memory
  std::map<const char*, Held> allocations;        // by address

  Device* device(int ordinal) const {
    const bool known = ordinal >= 0 && static_cast<std::size_t>(ordinal) < devices.size();
    return known ? devices[static_cast<std::size_t>(ordinal)] : nullptr;
  }
};

thread_local HostThread host;

cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) host.last = error;
  return error;
}

/// Calls act(device) on the current device, as long as its context is whole.
template <typename Act>
cudaError_t on_device(const Act& act) {
  Device* const device = host.device(host.current);
  if (device == nullptr) return remember(host.devices.empty() ? cudaErrorNoDevice : cudaErrorInvalidDevice);
  if (device->broken != cudaSuccess) return remember(device->broken);
  try {
    device->require_usable();
    act(*device);
  } catch (const DeviceFailure& failure) {
    if (failure.sticky) device->broken = failure.error;
    return remember(failure.error);
  }
  return cudaSuccess;
}

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

/// A stream works on the device that was current when it was made.
bool is_of_current(cudaStream_t stream) {
  return stream == cudaStreamPerThread || stream->device == host.device(host.current);
}

int ordinal_of(const Device* device) {
  return static_cast<int>(std::find(host.devices.begin(), host.devices.end(), device) - host.devices.begin());
}

/// At once, or when all that overlaps is there.
void transfer(Device& device, const Work& work, const std::function<void()>& copy) {
  if (!host.copies_overlap) return device.transfer(work, copy);
  device.transfer({}, copy);
  Work& all = host.overlapping[&device];
  for (const Demand& demand : work) all.add(demand.kind, demand.amount, demand.peer);
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

/// Device code goes through what is planted in the device only while its launch runs.
class Planted {
 public:
  explicit Planted(Device& device) {
    faulty_memory = device.faulty_memory();
    faulty_sms = device.faulty_sms();
  }
  ~Planted() {
    faulty_memory = nullptr;
    faulty_sms = nullptr;
  }
};

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
  host.allocations.erase(found);
  device->release(memory);
  return remember(device->broken);
}

cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  Device* const holder = holding_device(memory, bytes);
  if (holder == nullptr) return remember(cudaErrorInvalidValue);
  return on_device([&](Device&) {
    holder->transfer({WorkKind::write, static_cast<double>(bytes)},
                     [&] { std::memset(memory, value, bytes); });
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
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
    const auto copy = [&] {
      FaultyMemory* const planted = source == nullptr ? nullptr : current.copied_memory();
      if (planted == nullptr) {
        std::memmove(to, from, bytes);
      } else {
        copy_through(*planted, static_cast<char*>(to), static_cast<const char*>(from), bytes);
      }
    };
    const auto over_pcie = [&](WorkKind way) { return Work(way, amount).add(WorkKind::host_memory, amount); };
    if (source == nullptr) return transfer(*target, over_pcie(WorkKind::host_to_device), copy);
    if (target == nullptr) return transfer(*source, over_pcie(WorkKind::device_to_host), copy);
    if (source == target) return source->transfer({WorkKind::copy, 2 * amount}, copy);
    if (&current == target) return target->transfer({WorkKind::from_peer, amount, ordinal_of(source)}, copy);
    source->transfer({WorkKind::to_peer, amount, ordinal_of(target)}, copy);
  });
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return cudaMemset(memory, value, bytes);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return cudaMemcpy(to, from, bytes, kind);
}

cudaError_t cudaHostRegister(void* memory, std::size_t bytes, unsigned flags) {
  if (memory == nullptr || bytes == 0 || flags != cudaHostRegisterDefault)
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

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (flags > cudaStreamNonBlocking) return remember(cudaErrorInvalidValue);
  return on_device([&](Device& device) { *stream = new Stream{&device}; });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (stream == cudaStreamPerThread) return remember(cudaErrorInvalidResourceHandle);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t event, unsigned) {
  return event == nullptr ? remember(cudaErrorInvalidResourceHandle) : cudaSuccess;
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

cudaError_t cudaDeviceSynchronize() {
  return on_device([](Device& device) { device.settle(); });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return cudaDeviceSynchronize();
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return on_device([&](Device& device) { *event = new Event{&device}; });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (event == nullptr || !is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (event->device != host.device(host.current)) return remember(cudaErrorInvalidResourceHandle);
  return on_device([&](Device& device) { *event = {&device, true, device.now()}; });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event == nullptr) return remember(cudaErrorInvalidResourceHandle);
  return cudaDeviceSynchronize();
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  if (start == nullptr || stop == nullptr || !start->recorded || !stop->recorded ||
      start->device != stop->device)
    return remember(cudaErrorInvalidResourceHandle);
  *milliseconds = static_cast<float>(static_cast<double>(stop->time - start->time) * 1e-6);
  return cudaSuccess;
}

namespace {

/// Runs the body on the current device. What breaks in a launch surfaces at the next call, as on the card.
cudaError_t launch_on_device(const Work& work, const std::function<void(Device&, std::uint64_t seed)>& body) {
  const Device* const current = host.device(host.current);
  const bool whole = current != nullptr && current->broken == cudaSuccess;
  const cudaError_t error = on_device([&](Device& device) {
    device.execute(Work(work) *= host.launches_stand_for, [&] {
      const Planted planted(device);
      body(device, device.schedule_seed());
    });
  });
  return whole && current->broken != cudaSuccess ? cudaSuccess : error;
}

cudaError_t launch_grid(const Work& work, const std::function<void(Device&, std::uint64_t seed)>& run) {
  bool refused_shape = false;
  const cudaError_t error = launch_on_device(work, [&](Device& device, std::uint64_t seed) {
    try {
      run(device, seed);
    } catch (const std::invalid_argument&) {
      refused_shape = true;
    }
  });
  return refused_shape ? remember(cudaErrorInvalidConfiguration) : error;
}

}  // namespace

TimeOf::TimeOf(double launches) : before_(host.launches_stand_for) {
  host.launches_stand_for *= launches;
}
TimeOf::~TimeOf() {
  host.launches_stand_for = before_;
}

Overlapped::Overlapped(double times) : times_(times) {
  host.copies_overlap = true;
}
Overlapped::~Overlapped() {
  host.copies_overlap = false;
  host.overlapping.clear();
}
cudaError_t Overlapped::finish() {
  host.copies_overlap = false;
  return on_device([&](Device&) {
    for (auto& [device, work] : host.overlapping) device->transfer(work *= times_, [] {});
  });
}

cudaError_t launch(dim3 grid, dim3 block, std::size_t shared_bytes, const Work& work, void (*kernel)(void*),
                   void* arguments) {
  return launch_grid(work, [&](Device& device, std::uint64_t seed) {
    run_grid(grid, block, shared_bytes, seed, kernel, arguments,
             static_cast<unsigned>(device.multiprocessors()));
  });
}

cudaError_t launch_one_block_an_sm(dim3 block, std::size_t shared_bytes, const Work& work,
                                   void (*kernel)(void*), void* arguments, std::vector<StandIn>& stand_ins) {
  return launch_grid(work, [&](Device& device, std::uint64_t seed) {
    const auto blocks = static_cast<unsigned>(device.multiprocessors());
    std::vector<PlacedBlock> run;
    std::optional<unsigned> model;
    stand_ins.clear();
    for (unsigned number = 0; number < blocks; ++number) {
      const unsigned sm = device.sm_of_block(number, seed);
      const bool alike = faulty_sms == nullptr || faulty_sms->like_the_others(sm);
      if (!alike || !model) run.push_back({number, sm});
      if (alike && !model) model = number;
      stand_ins.push_back({alike ? *model : number, sm});
    }
    run_blocks({blocks}, block, shared_bytes, seed, kernel, arguments, run);
  });
}

cudaError_t launch_twin(const Work& work, const std::function<void(std::uint64_t seed)>& twin) {
  return launch_on_device(work, [&](Device&, std::uint64_t seed) { twin(seed); });
}

}  // namespace assay::cuda_emulation
