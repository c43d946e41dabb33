#include "kernels/memory_bandwidth.h"

#include <gtest/gtest.h>

#include "kernels/host_gpu_for_tests.h"

namespace assay::memory {
namespace {

constexpr std::uint64_t kBytes = 1001 * sizeof(Word128);
constexpr Stream kAll[] = {Stream::read, Stream::write, Stream::copy, Stream::triad};

TEST(MemoryBandwidth, MovesWhatItSaysAndLeavesItRight) {
  HostGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
  for (const Stream stream : kAll) {
    const double seconds = bandwidth->run(stream, 3);
    const Work& work = gpu.launches.back();
    EXPECT_DOUBLE_EQ(work.bytes_read + work.bytes_written, 3 * bandwidth->bytes(stream));
    EXPECT_GT(seconds, 0);
    EXPECT_EQ(bandwidth->bad_words(), 0u) << static_cast<int>(work.kind);
  }
  EXPECT_DOUBLE_EQ(bandwidth->bytes(Stream::triad), 3.0 * kBytes);
}

TEST(MemoryBandwidth, EveryRunLeavesOtherDataThanTheOneBefore) {
  HostGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
  const PlainCells& target = *gpu.cells[0];
  for (const Stream stream : {Stream::write, Stream::copy, Stream::triad}) {
    bandwidth->run(stream, 1);
    const Word128 before = target.data[500];
    bandwidth->run(stream, 1);
    EXPECT_NE(target.data[500], before);
  }
}

TEST(MemoryBandwidth, CountsWrongWordsOfTargetAndSources) {
  for (const int buffer : {0, 1, 2}) {
    HostGpu gpu;
    const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
    bandwidth->run(Stream::copy, 1);
    gpu.cells[static_cast<std::size_t>(buffer)]->data[1000].high ^= 1;
    EXPECT_EQ(bandwidth->bad_words(), 1u) << buffer;
  }
}

TEST(MemoryBandwidth, ReadNoticesWhatVerificationNoLongerSees) {
  HostGpu gpu;
  const auto bandwidth = make_memory_bandwidth(gpu, kBytes, 5);
  for (auto& cells : gpu.cells) cells->data[3].low ^= 1ULL << 63;
  bandwidth->run(Stream::read, 1);
  for (auto& cells : gpu.cells) cells->data[3].low ^= 1ULL << 63;
  EXPECT_EQ(bandwidth->bad_words(), 1u);
}

TEST(DefaultStreamBytes, IsFarLargerThanTheCacheAndFitsThrice) {
  HostGpu gpu(1, 1ULL << 30);
  EXPECT_EQ(default_stream_bytes(gpu), 256u << 20);
  HostGpu large(1, 100ULL << 30);
  EXPECT_EQ(default_stream_bytes(large), 4ULL << 30);
}

}  // namespace
}  // namespace assay::memory
