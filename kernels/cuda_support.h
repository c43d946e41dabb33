// What the device halves need of the CUDA runtime: errors as DeviceError, times from events, small resident
// objects. Empty in a build without CUDA.
#pragma once

#ifdef ASSAY_WITH_CUDA

#include <cuda_runtime.h>

#include <cstddef>

namespace assay::cuda {

/// Throws the DeviceError that `error` means (cuda_gpu.cu).
void check(cudaError_t error, const char* what);

/// Device time between two points of the calling thread's stream. Kernels are compiled with a default stream
/// of each thread (cmake/cuda.cmake), so that checks which overlap in one process overlap on the device.
class Stopwatch {
 public:
  Stopwatch() {
    check(cudaEventCreate(&start_), "create event");
    check(cudaEventCreate(&stop_), "create event");
  }
  ~Stopwatch() {
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  void start() { check(cudaEventRecord(start_), "record event"); }
  /// Waits for the work since start(); errors of its launches surface here.
  double stop() {
    check(cudaGetLastError(), "launch");
    check(cudaEventRecord(stop_), "record event");
    check(cudaEventSynchronize(stop_), "kernel");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start_, stop_), "event time");
    return milliseconds * 1e-3;
  }

 private:
  cudaEvent_t start_ = nullptr;
  cudaEvent_t stop_ = nullptr;
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

}  // namespace assay::cuda

#endif  // ASSAY_WITH_CUDA
