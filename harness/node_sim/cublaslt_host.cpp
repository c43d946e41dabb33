#include "harness/node_sim/cublaslt_host.h"

#include "harness/node_sim/cuda_emulation/runtime.h"

namespace assay::cublaslt {
namespace {

using namespace cuda_emulation;

Device* current() {
  int ordinal = 0;
  return cudaGetDevice(&ordinal) == cudaSuccess ? visible_device(ordinal) : nullptr;
}

class OnDevice final : public Launched {
 public:
  Word128 load(const Word128* address) override {
    return faulty_memory == nullptr ? *address : faulty_memory->load(address);
  }
  void store(Word128* address, Word128 value) override {
    if (faulty_memory == nullptr) {
      *address = value;
    } else {
      faulty_memory->store(address, value);
    }
  }
  std::uint64_t result(const SmPlace& place, Datapath path, std::uint64_t bits) override {
    return faulty_sms == nullptr ? bits : faulty_sms->result(place, path, kOfTheLibrary, bits);
  }
};

class EmulatedRuntime final : public Host {
 public:
  const void* current_device() override {
    const Device* const device = current();
    return device == nullptr || device->broken != cudaSuccess ? nullptr : device;
  }
  unsigned multiprocessors() override { return static_cast<unsigned>(current()->multiprocessors()); }
  std::uint64_t free_memory() override {
    std::size_t free = 0, total = 0;
    return cudaMemGetInfo(&free, &total) == cudaSuccess ? free : 0;
  }
  std::uint64_t backed_bytes(const void* memory) override { return cuda_emulation::backed_bytes(memory); }
  bool launch(const Work& work, const std::function<void(Launched&)>& body) override {
    return launch_twin(work, [&](std::uint64_t) {
             OnDevice device;
             body(device);
           }) == cudaSuccess;
  }
};

}  // namespace

Host& host_of_this_process() {
  static EmulatedRuntime runtime;
  return runtime;
}

}  // namespace assay::cublaslt
