// Device memory that a test damages and inspects, with a rim that nothing may touch.
#pragma once

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "kernels/cuda_support.h"
#include "kernels/memory_patterns.h"

namespace assay::memory {

inline std::unique_ptr<Gpu> test_gpu() {
  char address[32] = {};
  cuda::check(cudaDeviceGetPCIBusId(address, sizeof(address), 0), "address");
  return cuda::open_gpu(address);
}

/// Hands out what the test's GPU has, and keeps what was allocated in reach.
class GpuInReach : public Gpu {
 public:
  void make_current() override { gpu_->make_current(); }
  DeviceMemory memory() override { return gpu_->memory(); }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    auto buffer = gpu_->allocate(bytes);
    pointers_.push_back(static_cast<unsigned char*>(buffer->device_pointer()));
    return buffer;
  }
  int multiprocessors() const override { return gpu_->multiprocessors(); }
  std::uint64_t l2_bytes() const override { return gpu_->l2_bytes(); }
  bool emulated() const override { return gpu_->emulated(); }

  /// Flips a bit of an element, of so many bytes, of what was allocated as number `allocation`, from 0.
  void flip(std::size_t allocation, std::uint64_t element, unsigned bytes, int bit) const {
    unsigned char* const at = pointers_.at(allocation) + element * bytes + static_cast<std::size_t>(bit) / 8;
    unsigned char value = 0;
    cuda::check(cudaMemcpy(&value, at, 1, cudaMemcpyDeviceToHost), "download");
    value = static_cast<unsigned char>(value ^ 1 << bit % 8);
    cuda::check(cudaMemcpy(at, &value, 1, cudaMemcpyHostToDevice), "upload");
  }

  std::vector<Word128> download(std::size_t allocation, std::uint64_t words) const {
    return cuda::download<Word128>(pointers_.at(allocation), words);
  }

 private:
  std::unique_ptr<Gpu> gpu_ = test_gpu();
  std::vector<unsigned char*> pointers_;
};

/// `words` in the middle of a larger allocation. No two rims are alike: what is copied from one into another
/// shows.
class RimmedBuffer : public DeviceBuffer {
 public:
  explicit RimmedBuffer(std::uint64_t words) : words_(words) {
    cuda::check(cudaMalloc(&all_, (words + 2 * kRimWords) * sizeof(Word128)), "allocate");
    cuda::check(cudaMemset(all_, rim_, (words + 2 * kRimWords) * sizeof(Word128)), "fill");
  }
  ~RimmedBuffer() override { cudaFree(all_); }
  RimmedBuffer(const RimmedBuffer&) = delete;
  RimmedBuffer& operator=(const RimmedBuffer&) = delete;

  std::uint64_t bytes() const override { return words_ * sizeof(Word128); }
  std::uint64_t words() const override { return words_; }
  void* device_pointer() const override { return all_ + kRimWords; }

  std::vector<Word128> download() const { return download(kRimWords, words_); }
  bool rim_untouched() const {
    const std::uint64_t half = rim_ * 0x0101010101010101ULL;
    const Word128 rim{half, half};
    for (const std::uint64_t from : {std::uint64_t{0}, kRimWords + words_}) {
      for (const Word128& word : download(from, kRimWords)) {
        if (word != rim) return false;
      }
    }
    return true;
  }
  void flip(std::uint64_t word, Word128 bits) {
    Word128 value = download(kRimWords + word, 1)[0] ^ bits;
    cuda::check(cudaMemcpy(all_ + kRimWords + word, &value, sizeof(value), cudaMemcpyHostToDevice), "damage");
  }

 private:
  static constexpr std::uint64_t kRimWords = 1024;
  static std::uint8_t next_rim() {
    static std::uint8_t rim = 0x5b;
    return rim += 0x10;
  }
  std::vector<Word128> download(std::uint64_t from, std::uint64_t words) const {
    std::vector<Word128> copy(words);
    cuda::check(cudaMemcpy(copy.data(), all_ + from, words * sizeof(Word128), cudaMemcpyDeviceToHost),
                "download");
    return copy;
  }

  std::uint64_t words_;
  std::uint8_t rim_ = next_rim();
  Word128* all_ = nullptr;
};

}  // namespace assay::memory
