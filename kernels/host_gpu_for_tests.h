// A GPU for kernel tests: cells that the test brings, launches that take no time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/memory_patterns.h"

namespace assay::memory {

/// Plain memory that remembers what happened to it.
class PlainCells : public Cells {
 public:
  explicit PlainCells(std::uint64_t words) : data(words, Word128{0x5a5a5a5a, 0xa5a5a5a5}) {}
  std::uint64_t words() const override { return data.size(); }
  Word128 load(std::uint64_t word) override { return data[word]; }
  void store(std::uint64_t word, Word128 value) override { data[word] = value; }
  void evict(std::uint64_t word) override { evicted.push_back(word); }

  std::vector<Word128> data;
  std::vector<std::uint64_t> evicted;
};

class BorrowedBuffer : public DeviceBuffer {
 public:
  explicit BorrowedBuffer(Cells& cells) : cells_(cells) {}
  std::uint64_t bytes() const override { return cells_.words() * sizeof(Word128); }
  void* device_pointer() const override { return nullptr; }
  Cells* cells() override { return &cells_; }

 private:
  Cells& cells_;
};

class HostGpu : public Gpu, private HostDevice {
 public:
  explicit HostGpu(std::uint64_t seed = 1, std::uint64_t free_bytes = 64 << 20)
      : seed_(seed), total_bytes_(free_bytes), free_bytes_(free_bytes) {}

  DeviceMemory memory() override { return {total_bytes_, free_bytes_}; }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    if (bytes > free_bytes_ || bytes > largest_allocation)
      throw DeviceError("harness.device_memory", "no room");
    free_bytes_ -= bytes;
    const std::uint64_t words = bytes / sizeof(Word128) < 1001 ? bytes / sizeof(Word128) : 1001;
    cells.push_back(std::make_unique<PlainCells>(words));
    return std::make_unique<BorrowedBuffer>(*cells.back());
  }
  int multiprocessors() const override { return 1; }
  std::uint64_t l2_bytes() const override { return 4096; }
  HostDevice* host() override { return this; }

  std::vector<Work> launches;
  std::vector<std::unique_ptr<PlainCells>> cells;
  std::uint64_t largest_allocation = ~0ULL;

 private:
  double execute(const Work& work, const std::function<void()>& body) override {
    body();
    launches.push_back(work);
    return (work.bytes_read + work.bytes_written) * 1e-9;
  }
  std::uint64_t shuffle_seed() override { return seed_ = mix64(seed_); }

  std::uint64_t seed_, total_bytes_, free_bytes_;
};

}  // namespace assay::memory
