// What each thread must find: the kernel itself, run by the emulation on a device of its own. No GPU has part
// in it.
#include <cuda_runtime.h>

#include "harness/node_sim/cuda_emulation/emulated_gpu.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"
#include "kernels/sm_paths/sm_paths.h"

namespace assay::compute::emulated {

std::unique_ptr<SmPaths> make_sm_paths(Gpu& gpu);

namespace {

/// The calling thread may see simulated GPUs, too: it is none of theirs.
class DeviceOfItsOwn : public cuda_emulation::PlainDevice {
 public:
  std::string pci_address() const override { return "ffff:ff:1f.0"; }
};

/// What the thread works on afterwards is what it worked on before.
class KeepsCurrentDevice {
 public:
  KeepsCurrentDevice() { known_ = cudaGetDevice(&device_) == cudaSuccess; }
  ~KeepsCurrentDevice() {
    if (known_) cudaSetDevice(device_);
  }
  KeepsCurrentDevice(const KeepsCurrentDevice&) = delete;
  KeepsCurrentDevice& operator=(const KeepsCurrentDevice&) = delete;

 private:
  int device_ = 0;
  bool known_ = false;
};

}  // namespace

std::vector<std::uint64_t> expected_hashes(Datapath path, Data data, std::uint64_t seed) {
  const KeepsCurrentDevice keeper;
  DeviceOfItsOwn device;
  const std::unique_ptr<Gpu> gpu = cuda_emulation::open_emulated_gpu(device.pci_address());
  const LaunchResult result = make_sm_paths(*gpu)->run(path, data, seed, 1);
  std::vector<std::uint64_t> hashes;
  for (const ThreadResult& thread : result.blocks.at(0).threads) hashes.push_back(thread.hash);
  return hashes;
}

}  // namespace assay::compute::emulated
