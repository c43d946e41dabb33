// NVIDIA's management library (NVML), opened by path at run time: the client of real and of simulated nodes
// alike.
//
// Every call is synchronous and may never return when a GPU is wedged: whoever uses the client does so in a
// process, with a thread per GPU, that something outside can give up on. Calls for different GPUs are safe
// from different threads; calls for one GPU are its own thread's. node() asks all GPUs and belongs to a
// moment when no other thread asks any.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/model/readings.h"

namespace assay {

inline constexpr const char* kNvmlLibrary = "libnvidia-ml.so.1";

class NvmlClient {
 public:
  /// Null, and the reason in `why_not`, when there is no such library, it is not NVML, or it cannot be
  /// initialised. `simulated_state` is the state file of a simulated node: only the simulator's library takes
  /// one; a real one is refused.
  static std::unique_ptr<NvmlClient> open(const std::string& path, std::string& why_not,
                                          const std::string& simulated_state = {});
  ~NvmlClient();
  NvmlClient(const NvmlClient&) = delete;
  NvmlClient& operator=(const NvmlClient&) = delete;

  /// The library says that it stands in for a real one.
  bool simulated() const;
  /// As of open(): a GPU that falls off later keeps its index.
  int device_count() const;

  Text driver_version() const;
  Text nvml_version() const;
  Integer cuda_driver_version() const;
  Integer confidential_compute() const;

  GpuIdentity identity(int gpu);
  GpuSample sample(int gpu, Nanoseconds now);
  Integer margin(int gpu);
  GpuState state(int gpu);
  /// Identity and state, and why the GPU is lost if it is. What a lost GPU once said it is stays in its
  /// identity.
  GpuReadings readings(int gpu);

  NodeReadings node(Nanoseconds now);

 private:
  struct Session;
  struct Gpu;
  explicit NvmlClient(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
  std::vector<Gpu> gpus_;
};

}  // namespace assay
