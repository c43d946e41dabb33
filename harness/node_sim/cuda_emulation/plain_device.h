// A device without faults or a plant, for emulated device code by itself: memory from the heap, each
// allocation exactly as large as was asked for, and a clock that moves by a nanosecond a byte.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/node_sim/cuda_emulation/device.h"

namespace assay::cuda_emulation {

class PlainDevice : public Device {
 public:
  explicit PlainDevice(std::uint64_t bytes = 64 << 20, std::string pci_address = "0000:1b:00.0")
      : total_bytes(bytes), free_bytes(bytes), pci_address_(std::move(pci_address)) {
    show_device(*this);
  }
  ~PlainDevice() override {
    hide_device(*this);
    for (const auto& [memory, bytes] : allocations) std::free(memory);
  }
  PlainDevice(const PlainDevice&) = delete;
  PlainDevice& operator=(const PlainDevice&) = delete;

  std::string pci_address() const override { return pci_address_; }
  /// Odd: what deals blocks out by a mask goes wrong.
  int multiprocessors() const override { return 3; }
  std::uint64_t l2_bytes() const override { return 64 << 10; }
  DeviceMemory memory() override { return {total_bytes, free_bytes}; }
  void require_usable() override {}

  Allocation allocate(std::uint64_t bytes) override {
    void* memory = nullptr;
    if (bytes > free_bytes || bytes > largest_allocation || posix_memalign(&memory, 256, bytes) != 0)
      throw DeviceFailure{cudaErrorMemoryAllocation, false};
    std::memset(memory, 0xa5, bytes);
    free_bytes -= bytes;
    allocations[memory] = bytes;
    return {memory, bytes};
  }
  void release(void* memory) override {
    free_bytes += allocations.at(memory);
    allocations.erase(memory);
    std::free(memory);
  }
  void execute(const Work& work, const std::function<void()>& body) override {
    body();
    launches.push_back(work);
    now_ += static_cast<Nanoseconds>(work.amount(Resource::memory)) + 1;
  }
  void transfer(const Work& work, const std::function<void()>& body) override {
    body();
    transfers.push_back(work);
    double most = 0;
    for (const Resource resource :
         {Resource::pcie_in, Resource::pcie_out, Resource::nvlink_in, Resource::nvlink_out, Resource::memory})
      most = std::max(most, work.amount(resource));
    now_ += static_cast<Nanoseconds>(most);
  }
  /// The longest of each device.
  void work_together(std::vector<Concurrent>& all) override {
    std::map<Device*, Nanoseconds> busy;
    for (Concurrent& one : all) {
      auto* const device = static_cast<PlainDevice*>(one.device);
      const Nanoseconds before = device->now_;
      device->transfer(one.work, [] {});
      const Nanoseconds alone = device->now_ - before;
      device->now_ = before;
      one.took = alone;
      busy[device] = std::max(busy[device], alone);
    }
    for (const auto& [device, time] : busy) static_cast<PlainDevice*>(device)->now_ += time;
  }
  Nanoseconds now() override { return now_; }
  std::uint64_t schedule_seed() override { return ++seed_; }
  void set_schedule_seed(std::uint64_t seed) { seed_ = seed; }
  FaultyMemory* faulty_memory() override { return planted; }
  FaultySms* faulty_sms() override { return planted_sms; }

  bool can_access(const Device&) const override { return lets_peers_in; }

  std::uint64_t total_bytes, free_bytes, largest_allocation = ~0ULL;
  bool lets_peers_in = true;
  std::map<void*, std::uint64_t> allocations;  // bytes
  std::vector<Work> launches, transfers;
  FaultyMemory* planted = nullptr;
  FaultySms* planted_sms = nullptr;

 private:
  std::string pci_address_;
  Nanoseconds now_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace assay::cuda_emulation
