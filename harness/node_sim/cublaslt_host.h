// What the stand-in for cuBLASLt needs of the process that opened it: the emulated CUDA runtime there, which
// it shares as the real one shares the driver's context.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/model/datapath.h"
#include "harness/model/work.h"
#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/device.h"

namespace assay::cublaslt {

/// Where a result comes from, for what is planted in multiprocessors (cuda_emulation::FaultySms::result): the
/// tensor cores as the library's kernels use them. 0 is as ours do.
inline constexpr unsigned kOfTheLibrary = 1;

/// Inside a launch: memory and multiprocessors with what is planted in them.
class Launched {
 public:
  virtual ~Launched() = default;
  virtual Word128 load(const Word128* address) = 0;
  virtual void store(Word128* address, Word128 value) = 0;
  virtual std::uint64_t result(const cuda_emulation::SmPlace& place, Datapath path, std::uint64_t bits) = 0;
};

class Host {
 public:
  virtual ~Host() = default;
  /// The calling thread's, and which one it is; null: it has none, or a broken one.
  virtual const void* current_device() = 0;
  virtual unsigned multiprocessors() = 0;
  virtual std::uint64_t free_memory() = 0;
  /// What there is of the device's memory from here on; 0: this is none of it.
  virtual std::uint64_t backed_bytes(const void* memory) = 0;
  /// On the current device. False: refused.
  virtual bool launch(const Work& work, const std::function<void(Launched&)>& body) = 0;
};

#pragma GCC visibility push(default)
/// Before any other call, by whoever opened the library.
extern "C" void assay_simulated_attach(Host* host);
#pragma GCC visibility pop

/// This process's.
Host& host_of_this_process();

}  // namespace assay::cublaslt
