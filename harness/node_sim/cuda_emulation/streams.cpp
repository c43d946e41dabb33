// Streams: what is put into them and waits behind a gate, the graphs that they capture, and events.
#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/cuda_emulation/host_thread.h"
#include "harness/node_sim/cuda_emulation/runtime.h"

namespace assay::cuda_emulation {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (flags > cudaStreamNonBlocking) return remember(cudaErrorInvalidValue);
  return on_device([&](Device& device) { *stream = new Stream{&device}; });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (stream == cudaStreamPerThread) return remember(cudaErrorInvalidResourceHandle);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (event == nullptr) return remember(cudaErrorInvalidResourceHandle);
  return on_device([&](Device& device) {
    if (event->behind == nullptr || event->behind->over()) return;
    // One gate a stream: where it is behind another already, this one is waited for at once.
    if (closed_gate(&device, stream) == nullptr) {
      put_gate(stream, event->behind);
    } else {
      event->behind->wait_within_reason();
    }
  });
}

cudaError_t cudaDeviceSynchronize() {
  return on_device([](Device& device) {
    wait_for_all_streams(&device);
    device.settle();
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return on_device([&](Device& device) {
    wait_for_stream(&device, stream);
    device.settle();
  });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  bool over = true;
  const cudaError_t error =
      on_device([&](Device& device) { over = closed_gate(&device, stream) == nullptr; });
  if (error != cudaSuccess) return error;
  return over ? cudaSuccess : cudaErrorNotReady;  // which is no error that anybody remembers
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (stream == cudaStreamPerThread) return remember(cudaErrorStreamCaptureUnsupported);
  if (!host.capturing.emplace(stream, Graph()).second) return remember(cudaErrorIllegalState);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const auto found = host.capturing.find(stream);
  if (found == host.capturing.end()) return remember(cudaErrorIllegalState);
  *graph = new Graph(std::move(found->second));
  host.capturing.erase(found);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new Graph(*graph);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  return on_device([&](Device&) {
    for (const auto& call : executable->calls) call();
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

bool record_in_graph(cudaStream_t stream, std::function<void()> call) {
  const auto found = host.capturing.find(stream);
  if (found == host.capturing.end()) return false;
  found->second.calls.push_back(std::move(call));
  return true;
}

void put_gate(cudaStream_t stream, std::shared_ptr<Gate> gate) {
  host.gates[{host.device(host.current), stream}] = std::move(gate);
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return on_device([&](Device& device) { *event = new Event{&device}; });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  host.awaited.erase(event);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (event == nullptr || !is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (event->device != host.device(host.current)) return remember(cudaErrorInvalidResourceHandle);
  return on_device([&](Device& device) {
    *event = {&device, true, device.now(), closed_gate(&device, stream)};
    if (host.overlaps()) host.awaited[event] = {stream, host.overlapping.size()};
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (event == nullptr) return remember(cudaErrorInvalidResourceHandle);
  bool over = true;
  const cudaError_t error =
      on_device([&](Device&) { over = event->behind == nullptr || event->behind->over(); });
  if (error != cudaSuccess) return error;
  return over ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event == nullptr) return remember(cudaErrorInvalidResourceHandle);
  return on_device([&](Device& device) {
    if (event->behind != nullptr) event->behind->wait();
    device.settle();
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  if (start == nullptr || stop == nullptr || !start->recorded || !stop->recorded ||
      start->device != stop->device)
    return remember(cudaErrorInvalidResourceHandle);
  const auto time_of = [](const Event& event) {
    return event.behind == nullptr ? event.time : std::max(event.time, event.behind->ended());
  };
  for (const cudaEvent_t event : {start, stop}) {
    const cudaError_t state = cudaEventQuery(event);
    if (state != cudaSuccess) return remember(state);
  }
  *milliseconds = static_cast<float>(static_cast<double>(time_of(*stop) - time_of(*start)) * 1e-6);
  return cudaSuccess;
}

}  // namespace assay::cuda_emulation
