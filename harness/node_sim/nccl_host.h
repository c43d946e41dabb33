// What the stand-in for NCCL needs of the process that opened it: the emulated CUDA runtime there, which it
// shares as the real one shares the driver's context.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "harness/node/nccl_abi.h"
#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/cuda_emulation/fabric.h"
#include "harness/node_sim/cuda_emulation/runtime.h"

namespace assay::nccl {

/// Everything is the calling thread's.
class Host {
 public:
  virtual ~Host() = default;
  /// Null: it has none, or a broken one.
  virtual cuda_emulation::Device* current_device() = 0;
  virtual int current_ordinal() = 0;
  virtual bool is_stream_of_current(Stream stream) = 0;
  /// What there is of the device's memory from here on; 0: this is none of it.
  virtual std::uint64_t backed_bytes(const void* memory) = 0;
  virtual double launches_stand_for() = 0;
  /// False where the stream does not capture a graph.
  virtual bool record_in_graph(Stream stream, std::function<void()> call) = 0;
  virtual void put_gate(Stream stream, std::shared_ptr<cuda_emulation::Gate> gate) = 0;
};

#pragma GCC visibility push(default)
/// Before any other call, by whoever opened the library.
extern "C" void assay_simulated_nccl_attach(Host* host);
#pragma GCC visibility pop

/// This process's.
Host& host_of_this_process();

}  // namespace assay::nccl
