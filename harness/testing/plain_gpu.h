// A GPU over a plain device, and memory whose accesses a test watches or bends.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "harness/node_sim/cuda_emulation/emulated_gpu.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"

namespace assay::testing_tools {

using cuda_emulation::PlainDevice;

/// Device and GPU of one test.
struct PlainGpu {
  explicit PlainGpu(std::uint64_t bytes = 64 << 20) : device(bytes) {}
  Gpu& operator*() const { return *gpu; }
  Gpu* operator->() const { return gpu.get(); }

  PlainDevice device;
  std::unique_ptr<Gpu> gpu = cuda_emulation::open_emulated_gpu(device.pci_address());
};

/// Words of a buffer, as the host sees them.
inline Word128* words_of(const DeviceBuffer& buffer) {
  return static_cast<Word128*>(buffer.device_pointer());
}

/// What is planted in a buffer: `loads` bends what is read, `stores` sees what is written, `evictions` hears
/// of lines that are to leave the cache; each gets the word's number in the buffer.
class WatchedMemory : public cuda_emulation::FaultyMemory {
 public:
  WatchedMemory(PlainDevice& device, const DeviceBuffer& buffer) : device_(device), base_(words_of(buffer)) {
    device_.planted = this;
  }
  ~WatchedMemory() override { device_.planted = nullptr; }
  WatchedMemory(const WatchedMemory&) = delete;
  WatchedMemory& operator=(const WatchedMemory&) = delete;

  Word128 load(const Word128* address) override {
    return loads ? loads(number(address), *address) : *address;
  }
  void store(Word128* address, Word128 value) override {
    if (stores) stores(number(address));
    *address = value;
  }
  void evict(const Word128* address) override {
    if (evictions) evictions(number(address));
  }

  std::function<Word128(std::uint64_t word, Word128 value)> loads;
  std::function<void(std::uint64_t word)> stores, evictions;

 private:
  std::uint64_t number(const Word128* address) const { return static_cast<std::uint64_t>(address - base_); }

  PlainDevice& device_;
  const Word128* base_;
};

}  // namespace assay::testing_tools
