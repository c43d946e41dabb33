// A simulated GPU as a worker sees it: what the emulated runtime makes of its device.
#pragma once

#include <memory>

#include "harness/node/gpu.h"
#include "harness/node_sim/sim_device.h"

namespace assay::sim {

class SimGpu final : public Gpu {
 public:
  /// As for SimDevice. Throws DeviceError, MachineRefused.
  SimGpu(const SharedState& state, int slot, Clock& clock, std::uint64_t step_seed,
         const Sharers& sharers = kUnshared, const std::string& check = {}, Seat seat = -1);

  void make_current() override { gpu_->make_current(); }
  DeviceMemory memory() override { return gpu_->memory(); }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override { return gpu_->allocate(bytes); }
  int multiprocessors() const override { return gpu_->multiprocessors(); }
  std::uint64_t l2_bytes() const override { return gpu_->l2_bytes(); }
  bool emulated() const override { return true; }

 private:
  SimDevice device_;
  std::unique_ptr<Gpu> gpu_;
};

}  // namespace assay::sim
