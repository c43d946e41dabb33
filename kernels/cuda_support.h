// What kernels need of the CUDA runtime: errors as DeviceError, launches that are checked, times from events,
// small resident objects. <cuda_runtime.h> is CUDA's own, or the emulation's (target.h).
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "harness/node/gpu.h"
#include "harness/node/host.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

/// Throws the DeviceError that `error` means (cuda_gpu.cu).
void check(cudaError_t error, const char* what);

/// The GPU at this PCI address, made the calling thread's current device. Throws DeviceError (cuda_gpu.cu).
std::unique_ptr<Gpu> open_gpu(const std::string& pci_address);

/// Of a one-dimensional grid.
struct Shape {
  unsigned blocks;
  unsigned threads;              // of each block
  std::size_t shared_bytes = 0;  // dynamic, of each block
  cudaStream_t stream = cudaStreamPerThread;
};

/// More than half of a multiprocessor's: a second block finds no room there.
inline constexpr std::size_t kSharedBytesOfOneBlock = 116 << 10;

#if defined(__CUDACC__)

/// A block's results are those of `block`, as they are on multiprocessor `sm`.
struct StandIn {
  unsigned block, sm;
};

/// More shared memory than a kernel may have without asking (CUDA C++ programming guide, compute capability
/// 9.0).
inline constexpr std::size_t kMostUnaskedSharedBytes = 48 << 10;

/// Launches in the shape's stream. `work` is what the emulation turns into time. Throws DeviceError
/// where the launch is refused; what goes wrong in it surfaces at the next call that waits.
template <typename... Parameters, typename... Arguments>
void launch(const Shape& shape, const Work&, void (*kernel)(Parameters...), Arguments&&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = shape.blocks;
  config.blockDim = shape.threads;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = shape.stream;
  if (shape.shared_bytes > kMostUnaskedSharedBytes) {
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shape.shared_bytes)),
          "shared memory");
  }
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), "launch");
}

/// Now, and not when it is first launched.
template <typename... Parameters>
void load(void (*kernel)(Parameters...)) {
  cudaFuncAttributes attributes;
  check(cudaFuncGetAttributes(&attributes, kernel), "load");
}

/// body(i) so many times in the thread's own stream, where all leave the same behind but for sums that they
/// add to. Returns how often it was called: under the emulation once, and its launches take the time of all.
template <typename Body>
int repeatedly(int times, const Body& body) {
  // A full queue of launches (some 1,000) would hold up those of other threads, in other streams, too.
  constexpr int kMostQueued = 32;
  for (int i = 0; i < times; ++i) {
    body(i);
    if (i % kMostQueued == kMostQueued - 1) check(cudaStreamSynchronize(cudaStreamPerThread), "repeat");
  }
  return times;
}

/// body(), whose launches under the emulation take so many times their time: where they do less than the
/// card's.
template <typename Body>
void in_time_of(double, const Body& body) {
  body();
}

/// Within that, of what is as large as on the card.
template <typename Body>
void in_own_time(const Body& body) {
  body();
}

/// body() so many times, whose copies and launches, in streams of their own and on several devices, overlap.
/// Under the emulation it is called once, and they take the time of all, which are `share` times as large.
/// One within another ends with it.
template <typename Body>
void overlapped(int times, double, const Body& body) {
  for (int i = 0; i < times; ++i) body();
}

/// One block for each multiprocessor, where it has room for one at a time; all with the same work on the same
/// data. Under the emulation, of those on multiprocessors that compute alike one is run and stands for the
/// others: the answer has who, by block, and is empty on the card, where each stands for itself.
template <typename... Parameters, typename... Arguments>
std::vector<StandIn> launch_one_block_an_sm(const Shape& shape, const Work& work,
                                            void (*kernel)(Parameters...), Arguments&&... arguments) {
  launch(shape, work, kernel, arguments...);
  return {};
}

/// Shared memory of the block.
#define ASSAY_SHARED(type, name) __shared__ type name

#elif defined(ASSAY_CUDA_EMULATION)

/// A kernel with its arguments, as the emulation calls it.
template <typename... Parameters>
struct Call {
  void (*kernel)(Parameters...);
  std::tuple<Parameters...> arguments;
  static void run(void* it) {
    const Call& mine = *static_cast<const Call*>(it);
    std::apply(mine.kernel, mine.arguments);
  }
};

template <typename... Parameters, typename... Arguments>
void launch(const Shape& shape, const Work& work, void (*kernel)(Parameters...), Arguments&&... arguments) {
  Call<Parameters...> call{kernel, {static_cast<Parameters>(arguments)...}};
  check(cuda_emulation::launch({shape.blocks}, {shape.threads}, shape.shared_bytes, work, call.run, &call,
                               shape.stream),
        "launch");
}

using cuda_emulation::StandIn;

template <typename... Parameters, typename... Arguments>
std::vector<StandIn> launch_one_block_an_sm(const Shape& shape, const Work& work,
                                            void (*kernel)(Parameters...), Arguments&&... arguments) {
  Call<Parameters...> call{kernel, {static_cast<Parameters>(arguments)...}};
  std::vector<StandIn> stand_ins;
  check(cuda_emulation::launch_one_block_an_sm({shape.threads}, shape.shared_bytes, work, call.run, &call,
                                               stand_ins),
        "launch");
  return stand_ins;
}

template <typename... Parameters>
void load(void (*)(Parameters...)) {}

template <typename Body>
void in_time_of(double times, const Body& body) {
  const cuda_emulation::TimeOf all(times);
  body();
}

template <typename Body>
void in_own_time(const Body& body) {
  in_time_of(1 / cuda_emulation::launches_stand_for(), body);
}

template <typename Body>
void overlapped(int times, double share, const Body& body) {
  cuda_emulation::Overlapped copies(times * share);
  body();
  check(copies.finish(), "copy");
}

template <typename Body>
int repeatedly(int times, const Body& body) {
  in_time_of(times, [&] { body(0); });
  return 1;
}

#endif

/// Of the device that was current when it was made.
class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "create event"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Waits for the second; errors of launches before it surface here.
inline double seconds_between(cudaEvent_t first, cudaEvent_t second) {
  check(cudaEventSynchronize(second), "kernel");
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, first, second), "event time");
  return milliseconds * 1e-3;
}

/// Device time between two points of a stream, the calling thread's where none is named. Kernels are compiled
/// with a default stream of each thread (cmake/cuda.cmake), so that checks which overlap in one process
/// overlap on the device. It is of the device that was current when it was made, which is to be current
/// again.
class Stopwatch {
 public:
  void start(cudaStream_t stream = cudaStreamPerThread) {
    check(cudaEventRecord(start_.get(), stream), "record event");
  }
  void finish(cudaStream_t stream = cudaStreamPerThread) {
    check(cudaEventRecord(stop_.get(), stream), "record event");
  }
  /// Waits for the work between start() and finish(); errors of its launches surface here.
  double seconds() const { return seconds_between(start_.get(), stop_.get()); }
  double stop() {
    finish();
    return seconds();
  }

 private:
  Event start_, stop_;
};

/// A stream of the current device, beside the calling thread's own.
class Stream {
 public:
  Stream() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create stream");
    check(cudaEventCreate(&event_), "create event");
  }
  ~Stream() {
    cudaEventDestroy(event_);
    cudaStreamDestroy(stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }
  /// What comes into it from now on waits for what is in the thread's own now.
  void follow() { order(cudaStreamPerThread, stream_); }
  /// The other way about.
  void lead() { order(stream_, cudaStreamPerThread); }

 private:
  void order(cudaStream_t first, cudaStream_t then) {
    check(cudaEventRecord(event_, first), "record event");
    check(cudaStreamWaitEvent(then, event_, 0), "wait for event");
  }
  cudaStream_t stream_ = nullptr;
  cudaEvent_t event_ = nullptr;
};

/// As long as it lives, the GPUs reach this memory of the host by themselves, and its pages stay where they
/// are.
class Pinned {
 public:
  explicit Pinned(const HostMemory& memory) : memory_(memory.data()) {
    check(cudaHostRegister(memory_, memory.bytes(), cudaHostRegisterMapped), "pin host memory");
  }
  ~Pinned() { cudaHostUnregister(memory_); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

  /// Where kernels find it.
  template <typename T>
  T* on_device() const {
    T* found = nullptr;
    check(cudaHostGetDevicePointer(&found, memory_, 0), "map host memory");
    return found;
  }

 private:
  void* memory_;
};

/// A zeroed T in device memory.
template <typename T>
class Resident {
 public:
  Resident() {
    check(cudaMalloc(&object_, sizeof(T)), "allocate");
    clear();
  }
  ~Resident() { cudaFree(object_); }
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;

  T* get() const { return object_; }
  void clear() { check(cudaMemset(object_, 0, sizeof(T)), "clear"); }
  T download() const {
    T copy;
    check(cudaMemcpy(&copy, object_, sizeof(T), cudaMemcpyDeviceToHost), "download");
    return copy;
  }

 private:
  T* object_ = nullptr;
};

/// What lies in a buffer of ours.
template <typename T>
T* pointer(const std::unique_ptr<DeviceBuffer>& buffer) {
  return static_cast<T*>(buffer->device_pointer());
}
template <typename T>
std::vector<T> download(const void* from, std::size_t count) {
  std::vector<T> all(count);
  check(cudaMemcpy(all.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost), "download");
  return all;
}

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
