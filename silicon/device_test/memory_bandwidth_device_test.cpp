// The bandwidth kernels' device half at odd sizes.
#include <gtest/gtest.h>

#include "kernels/memory_bandwidth.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr std::uint64_t kOddWords[] = {1, 255, 1024, 1025, 9001, 1 << 18, (1 << 18) + 1};
constexpr Stream kStreams[] = {Stream::read, Stream::write, Stream::copy, Stream::triad};

/// Hands out rimmed buffers and keeps them in reach.
class RimmedGpu : public Gpu {
 public:
  RimmedGpu() : gpu_(test_gpu()) {}
  DeviceMemory memory() override { return gpu_->memory(); }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    auto buffer = std::make_unique<RimmedBuffer>(bytes / sizeof(Word128));
    buffers.push_back(buffer.get());
    return buffer;
  }
  int multiprocessors() const override { return gpu_->multiprocessors(); }
  std::uint64_t l2_bytes() const override { return gpu_->l2_bytes(); }
  bool emulated() const override { return gpu_->emulated(); }

  std::vector<RimmedBuffer*> buffers;  // target first, then the sources

 private:
  std::unique_ptr<Gpu> gpu_;
};

TEST(MemoryBandwidthDeviceHalf, LeavesTheRightWordsAtEverySize) {
  for (const std::uint64_t words : kOddWords) {
    RimmedGpu gpu;
    const auto bandwidth = make_memory_bandwidth(gpu, words * sizeof(Word128), 5);
    for (int round = 0; round < 3; ++round) {
      for (const Stream stream : kStreams) {
        EXPECT_GT(bandwidth->run(stream, 2), 0);
        EXPECT_EQ(bandwidth->bad_words(), 0u) << words << " stream " << static_cast<int>(stream);
      }
    }
    for (const RimmedBuffer* buffer : gpu.buffers) EXPECT_TRUE(buffer->rim_untouched()) << words;
  }
}

TEST(MemoryBandwidthDeviceHalf, CountsEveryDamagedWord) {
  for (const std::uint64_t words : kOddWords) {
    const std::uint64_t last = words - 1;
    for (const Stream stream : {Stream::write, Stream::copy, Stream::triad}) {
      RimmedGpu gpu;
      const auto bandwidth = make_memory_bandwidth(gpu, words * sizeof(Word128), 5);
      bandwidth->run(stream, 1);
      gpu.buffers[0]->flip(last, {0, 1ULL << 63});
      EXPECT_EQ(bandwidth->bad_words(), 1u);
      gpu.buffers[1]->flip(last / 2, {1, 0});
      gpu.buffers[2]->flip(0, {2, 0});
      EXPECT_EQ(bandwidth->bad_words(), 3u);
    }
  }
}

TEST(MemoryBandwidthDeviceHalf, AddsUpWhatTheSourcesHold) {
  for (const std::uint64_t words : kOddWords) {
    RimmedGpu gpu;
    const auto bandwidth = make_memory_bandwidth(gpu, words * sizeof(Word128), 5);
    for (int source = 0; source < 2; ++source) {
      std::uint64_t sum = 0;
      for (const Word128& word : gpu.buffers[static_cast<std::size_t>(source) + 1]->download())
        sum += checksum_term(word);
      EXPECT_EQ(bandwidth->expected_sum(source), sum) << words << " source " << source;
    }
  }
}

TEST(MemoryBandwidthDeviceHalf, AReadOfDamagedDataHasAWrongSum) {
  RimmedGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, 4 << 20, 5);
  gpu.buffers[1]->flip(77, {1, 0});
  gpu.buffers[2]->flip(78, {0, 2});
  bandwidth->run(Stream::read, 3);
  EXPECT_EQ(bandwidth->bad_words(), 3u) << "two words and one sum";
  bandwidth->run(Stream::read, 3);
  EXPECT_EQ(bandwidth->bad_words(), 4u) << "and the other source's sum";
}

}  // namespace
}  // namespace assay::memory
