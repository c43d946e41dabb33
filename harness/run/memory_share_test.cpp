#include "harness/run/memory_share.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace assay::run {
namespace {

constexpr std::uint64_t kTotal = 1000, kFree = 900;

class FakeBuffer : public DeviceBuffer {
 public:
  explicit FakeBuffer(std::uint64_t bytes) : bytes_(bytes) {}
  std::uint64_t bytes() const override { return bytes_; }
  std::uint64_t words() const override { return bytes_ / sizeof(Word128); }
  void* device_pointer() const override { return nullptr; }

 private:
  std::uint64_t bytes_;
};

class FakeGpu : public Gpu {
 public:
  DeviceMemory memory() override { return {kTotal, kFree}; }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    return std::make_unique<FakeBuffer>(bytes);
  }
  int multiprocessors() const override { return 132; }
  std::uint64_t l2_bytes() const override { return 1; }
  bool emulated() const override { return true; }
};

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const DeviceError& error) {
    return error.code();
  }
  return "";
}

TEST(MemoryShare, OfTheWholeIsTheGpuItself) {
  EXPECT_EQ(with_memory_share(std::make_unique<FakeGpu>(), 1)->memory().free_bytes, kFree);
}

TEST(MemoryShare, IsAllThatThereSeemsToBe) {
  const auto gpu = with_memory_share(std::make_unique<FakeGpu>(), 0.4);
  EXPECT_EQ(gpu->memory().total_bytes, kTotal);
  EXPECT_EQ(gpu->memory().free_bytes, 400u);
  EXPECT_EQ(gpu->multiprocessors(), 132);
  auto first = gpu->allocate(300);
  EXPECT_EQ(gpu->memory().free_bytes, 100u);
  EXPECT_EQ(refusal([&] { gpu->allocate(101); }), "harness.device_memory");
  first.reset();
  EXPECT_EQ(refusal([&] { gpu->allocate(400); }), "");
}

TEST(MemoryShare, ABufferMayOutliveItsGpu) {
  auto gpu = with_memory_share(std::make_unique<FakeGpu>(), 0.5);
  const auto buffer = gpu->allocate(100);
  gpu.reset();
  EXPECT_EQ(buffer->bytes(), 100u);
}

}  // namespace
}  // namespace assay::run
