#include "kernels/memory_bandwidth.h"

#include <gtest/gtest.h>

#include <vector>

#include "harness/testing/plain_gpu.h"

namespace assay::memory {
namespace {

constexpr std::uint64_t kBytes = 1001 * sizeof(Word128);
constexpr Stream kAll[] = {Stream::read, Stream::write, Stream::copy, Stream::triad};

using testing_tools::PlainGpu;

/// Hands out buffers and keeps them in reach: target first, then the sources.
class WatchedGpu : public Gpu {
 public:
  DeviceMemory memory() override { return gpu->memory(); }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    auto buffer = gpu->allocate(bytes);
    buffers.push_back(testing_tools::words_of(*buffer));
    return buffer;
  }
  int multiprocessors() const override { return gpu->multiprocessors(); }
  std::uint64_t l2_bytes() const override { return gpu->l2_bytes(); }
  bool emulated() const override { return true; }

  PlainGpu gpu;
  std::vector<Word128*> buffers;
};

TEST(MemoryBandwidth, MovesWhatItSaysAndLeavesItRight) {
  WatchedGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
  for (const Stream stream : kAll) {
    const double seconds = bandwidth->run(stream, 3);
    const Work work = gpu.gpu.device.launches.back();
    EXPECT_DOUBLE_EQ(work.amount(Resource::memory), 3 * bandwidth->bytes(stream));
    EXPECT_GT(seconds, 0);
    EXPECT_EQ(bandwidth->bad_words(), 0u) << static_cast<int>(stream);
  }
  EXPECT_DOUBLE_EQ(bandwidth->bytes(Stream::triad), 3.0 * kBytes);
}

TEST(MemoryBandwidth, EveryRunLeavesOtherDataThanTheOneBefore) {
  WatchedGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
  for (const Stream stream : {Stream::write, Stream::copy, Stream::triad}) {
    bandwidth->run(stream, 1);
    const Word128 before = gpu.buffers[0][500];
    bandwidth->run(stream, 1);
    EXPECT_NE(gpu.buffers[0][500], before);
  }
}

TEST(MemoryBandwidth, CountsWrongWordsOfTargetAndSources) {
  for (const std::size_t buffer : {0, 1, 2}) {
    WatchedGpu gpu;
    const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
    bandwidth->run(Stream::copy, 1);
    gpu.buffers[buffer][1000].high ^= 1;
    EXPECT_EQ(bandwidth->bad_words(), 1u) << buffer;
  }
}

TEST(MemoryBandwidth, ReadNoticesWhatVerificationNoLongerSees) {
  WatchedGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
  for (Word128* words : gpu.buffers) words[3].low ^= 1ULL << 63;
  bandwidth->run(Stream::read, 1);
  for (Word128* words : gpu.buffers) words[3].low ^= 1ULL << 63;
  EXPECT_EQ(bandwidth->bad_words(), 1u);
}

TEST(DefaultStreamBytes, IsFarLargerThanTheCacheAndFitsThrice) {
  EXPECT_EQ(default_stream_bytes(*PlainGpu(1ULL << 30)), 256u << 20);
  EXPECT_EQ(default_stream_bytes(*PlainGpu(100ULL << 30)), 4ULL << 30);
}

}  // namespace
}  // namespace assay::memory
