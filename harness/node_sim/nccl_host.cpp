#include "harness/node_sim/nccl_host.h"

#include <utility>

namespace assay::nccl {
namespace {

using namespace cuda_emulation;

class EmulatedRuntime final : public Host {
 public:
  Device* current_device() override {
    Device* const device = visible_device(current_ordinal());
    return device == nullptr || device->broken != cudaSuccess ? nullptr : device;
  }
  int current_ordinal() override {
    int ordinal = 0;
    return cudaGetDevice(&ordinal) == cudaSuccess ? ordinal : -1;
  }
  bool is_stream_of_current(Stream stream) override {
    return cudaStreamQuery(static_cast<cudaStream_t>(stream)) != cudaErrorInvalidResourceHandle;
  }
  std::uint64_t backed_bytes(const void* memory) override { return cuda_emulation::backed_bytes(memory); }
  double launches_stand_for() override { return cuda_emulation::launches_stand_for(); }
  bool record_in_graph(Stream stream, std::function<void()> call) override {
    return cuda_emulation::record_in_graph(static_cast<cudaStream_t>(stream), std::move(call));
  }
  void put_gate(Stream stream, std::shared_ptr<Gate> gate) override {
    cuda_emulation::put_gate(static_cast<cudaStream_t>(stream), std::move(gate));
  }
};

}  // namespace

Host& host_of_this_process() {
  static EmulatedRuntime runtime;
  return runtime;
}

}  // namespace assay::nccl
