#include "harness/run/memory_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/model/finding_codes.h"

namespace assay::run {
namespace {

using Allocated = std::shared_ptr<std::uint64_t>;  // bytes; a buffer may outlive its GPU

class CountedBuffer final : public DeviceBuffer {
 public:
  CountedBuffer(std::unique_ptr<DeviceBuffer> buffer, Allocated allocated)
      : buffer_(std::move(buffer)), allocated_(std::move(allocated)) {
    *allocated_ += buffer_->bytes();
  }
  ~CountedBuffer() override { *allocated_ -= buffer_->bytes(); }
  std::uint64_t bytes() const override { return buffer_->bytes(); }
  std::uint64_t words() const override { return buffer_->words(); }
  void* device_pointer() const override { return buffer_->device_pointer(); }

 private:
  std::unique_ptr<DeviceBuffer> buffer_;
  Allocated allocated_;
};

class GpuWithShare final : public Gpu {
 public:
  GpuWithShare(std::unique_ptr<Gpu> gpu, double share) : gpu_(std::move(gpu)), share_(share) {}

  void make_current() override { gpu_->make_current(); }
  DeviceMemory memory() override {
    const DeviceMemory whole = gpu_->memory();
    return {whole.total_bytes, std::min(whole.free_bytes, left(whole))};
  }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    if (bytes > left(gpu_->memory())) {
      throw DeviceError(
          codes::device_memory,
          fmt::format("{} bytes are more than this body's share of {} of the memory", bytes, share_));
    }
    return std::make_unique<CountedBuffer>(gpu_->allocate(bytes), allocated_);
  }
  int multiprocessors() const override { return gpu_->multiprocessors(); }
  std::uint64_t l2_bytes() const override { return gpu_->l2_bytes(); }
  bool emulated() const override { return gpu_->emulated(); }

 private:
  std::uint64_t left(const DeviceMemory& whole) const {
    const auto mine = static_cast<std::uint64_t>(share_ * static_cast<double>(whole.total_bytes));
    return mine - std::min(mine, *allocated_);
  }

  std::unique_ptr<Gpu> gpu_;
  double share_;
  Allocated allocated_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace

std::unique_ptr<Gpu> with_memory_share(std::unique_ptr<Gpu> gpu, double share) {
  if (share >= 1) return gpu;
  return std::make_unique<GpuWithShare>(std::move(gpu), share);
}

}  // namespace assay::run
