// The part of CUDA's runtime that our code calls, over the devices that the calling thread sees (device.h).
// What it refuses, it refuses as the CUDA Runtime API's reference says. Work is done, and takes its virtual
// time, when it is launched: streams of one thread overlap where it says so (Overlapped), those of several
// threads always.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/errors.h"
#include "harness/node_sim/cuda_emulation/grid.h"

namespace assay::cuda_emulation {

class Device;

using dim3 = Extent;

/// Work in a stream that other processes have a part in, as NCCL's: it is over once they have done theirs.
/// What comes into the stream after it waits for it, by holding up the thread that launches: on the card the
/// stream alone would wait. What is behind one that hangs is never done.
class Gate {
 public:
  virtual ~Gate() = default;
  /// Does what can be done by now.
  virtual bool over() = 0;
  /// Returns once it is over, or was given up.
  virtual void wait() = 0;
  /// The same, or as soon as nobody can expect it to be over any more: false.
  virtual bool wait_within_reason() = 0;
  /// Once it is over: since when.
  virtual Nanoseconds ended() const = 0;
};

struct Event {
  const void* device = nullptr;  // that it was made on, and is recorded on
  bool recorded = false;
  Nanoseconds time = 0;
  std::shared_ptr<Gate> behind = nullptr;  // what has to be over before
};
using cudaEvent_t = Event*;
struct Stream {
  const Device* device;  // that it was made on
};
using cudaStream_t = Stream*;
/// What libraries have recorded in it, in order.
struct Graph {
  std::vector<std::function<void()>> calls;
};
using cudaGraph_t = Graph*;
using cudaGraphExec_t = Graph*;
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
/// No object of its own: every host thread has it, on each device.
inline constexpr cudaStream_t cudaStreamPerThread = nullptr;
inline constexpr unsigned cudaStreamDefault = 0, cudaStreamNonBlocking = 1;

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };

struct cudaDeviceProp {
  int multiProcessorCount, l2CacheSize;
};

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* address);
cudaError_t cudaDeviceGetPCIBusId(char* address, int length, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);

cudaError_t cudaMalloc(void** memory, std::size_t bytes);
template <typename T>
cudaError_t cudaMalloc(T** memory, std::size_t bytes) {
  return cudaMalloc(reinterpret_cast<void**>(memory), bytes);
}
cudaError_t cudaFree(void* memory);
/// Copies go over PCIe to the host and back, over NVLink from GPU to GPU, and read through what is planted in
/// the memory.
cudaError_t cudaMemset(void* memory, int value, std::size_t bytes);
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
inline constexpr unsigned cudaHostRegisterDefault = 0, cudaHostRegisterPortable = 1,
                          cudaHostRegisterMapped = 2;
cudaError_t cudaHostRegister(void* memory, std::size_t bytes, unsigned flags);
cudaError_t cudaHostUnregister(void* memory);
cudaError_t cudaHostGetDevicePointer(void** device_memory, void* memory, unsigned flags);
template <typename T>
cudaError_t cudaHostGetDevicePointer(T** device_memory, void* memory, unsigned flags) {
  return cudaHostGetDevicePointer(reinterpret_cast<void**>(device_memory), memory, flags);
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer);
/// Of the current device: from now on its kernels may reach the peer's memory.
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned flags);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
/// All that was recorded has happened already, but for what is behind a gate.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
/// What is there of an allocation from here on; 0: this is none. The emulation's own question.
std::uint64_t backed_bytes(const void* memory);
/// A stream that captures takes no launches and copies here, only what libraries record in it.
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
/// False where the stream does not capture: then it is to be done at once.
bool record_in_graph(cudaStream_t stream, std::function<void()> call);
/// What comes into a stream of the current device from now on is behind this. A later gate includes the
/// earlier.
void put_gate(cudaStream_t stream, std::shared_ptr<Gate> gate);
/// How many launches one stands for (TimeOf).
double launches_stand_for();

cudaError_t cudaGetLastError();
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaEventQuery(cudaEvent_t event);
cudaError_t cudaEventCreate(cudaEvent_t* event);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = cudaStreamPerThread);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop);

/// Calls kernel(arguments) as every thread of the grid, on the current device. KernelError where the kernel
/// breaks CUDA's rules: that is our mistake, no state of a device.
cudaError_t launch(dim3 grid, dim3 block, std::size_t shared_bytes, const Work& work, void (*kernel)(void*),
                   void* arguments, cudaStream_t stream = cudaStreamPerThread);

/// A block's results are those of `block`, as they are on multiprocessor `sm`.
struct StandIn {
  unsigned block, sm;
};
/// One block for each multiprocessor, all with the same work on the same data. Of those on multiprocessors
/// that compute alike one is run, and stands for the others: `stand_ins` has who, by block.
cudaError_t launch_one_block_an_sm(dim3 block, std::size_t shared_bytes, const Work& work,
                                   void (*kernel)(void*), void* arguments, std::vector<StandIn>& stand_ins);

/// As long as it lives, each launch of the calling thread takes the time of so many; of one within another,
/// of their product.
class TimeOf {
 public:
  explicit TimeOf(double launches);
  ~TimeOf();
  TimeOf(const TimeOf&) = delete;
  TimeOf& operator=(const TimeOf&) = delete;

 private:
  double before_;
};

/// As long as it lives, launches and copies of the calling thread take no time: in finish() all of them take
/// it together, so many times, as they do in streams of their own and on several devices. What is recorded
/// meanwhile has happened when that before it in its stream is over. One within another ends with it.
class Overlapped {
 public:
  explicit Overlapped(double times);
  ~Overlapped();
  Overlapped(const Overlapped&) = delete;
  Overlapped& operator=(const Overlapped&) = delete;
  cudaError_t finish();

 private:
  std::size_t first_;  // of the work that it has begun
  double times_;
  bool finished_ = false;
};

/// The same for what stands for a kernel and is no device code: its twin, which is faster. `twin` is given
/// the seed that a grid's order is drawn by.
cudaError_t launch_twin(const Work& work, const std::function<void(std::uint64_t seed)>& twin);

}  // namespace assay::cuda_emulation
