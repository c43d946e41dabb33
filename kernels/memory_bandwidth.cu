#include <algorithm>
#include <utility>

#include "kernels/cuda_support.h"
#include "kernels/instructions/memory.h"
#include "kernels/memory_bandwidth.h"
#include "kernels/stream_plan.h"

namespace assay::memory::ASSAY_TARGET {
namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kCopyThreads = 128;
constexpr int kUnroll = 4;  // independent 16-byte loads a thread has in flight
constexpr std::uint64_t kTileWords = static_cast<std::uint64_t>(kThreads) * kUnroll;
/// 128 KiB a block: many more blocks than fit at once, so that the last wave is short against the rest.
constexpr std::uint64_t kTilesPerBlock = 8;

struct Stored {
  const Word128* data;
  __device__ Word128 load(std::uint64_t i) const { return cuda::load_streaming(data + i); }
};

/// The data without the memory: what a read has to add up to.
struct Generated {
  std::uint64_t seed;
  __device__ Word128 load(std::uint64_t i) const { return stream_word(seed, i); }
};

/// Calls body(first) for a thread's words: first, first + kThreads, ... in every tile of the grid's
/// stride.
template <typename Body>
__device__ void for_each_tile(std::uint64_t words, const Body& body) {
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * kTileWords;
  for (std::uint64_t tile = blockIdx.x * kTileWords; tile < words; tile += stride) body(tile + threadIdx.x);
}

template <typename Source>
__global__ void __launch_bounds__(kThreads)
    add_up(Source source, std::uint64_t words, unsigned long long* sum) {
  ASSAY_SHARED(unsigned long long, of_block);
  if (threadIdx.x == 0) of_block = 0;
  __syncthreads();
  std::uint64_t mine = 0;
  for_each_tile(words, [&](std::uint64_t first) {
    Word128 w[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      const std::uint64_t i = first + u * kThreads;
      w[u] = i < words ? source.load(i) : Word128{0, 0};
    }
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) mine += checksum_term(w[u]);
  });
  for (int distance = kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_down_sync(0xffffffffu, mine, distance);
  if (threadIdx.x % kLanes == 0) atomicAdd(&of_block, static_cast<unsigned long long>(mine));
  __syncthreads();
  if (threadIdx.x == 0) atomicAdd(sum, of_block);
}

__global__ void __launch_bounds__(kThreads) write(Word128* target, std::uint64_t words, std::uint64_t seed) {
  for_each_tile(words, [&](std::uint64_t first) {
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      const std::uint64_t i = first + u * kThreads;
      if (i < words) cuda::store_streaming(target + i, stream_word(seed, i));
    }
  });
}

/// The word of this thread, where copying is timed: blocks come and go in the order of the memory, so that
/// what is in flight lies close together. Of 150 shapes tried on an H200 none copies faster: 4.24 TB/s, where
/// four words a thread in tiles reach 3.95. Writing alone is the other way round, 3.38 and 4.50: its data has
/// to be computed (reports/evidence/2026-11-26-h200).
__device__ std::uint64_t own_word() {
  return static_cast<std::uint64_t>(blockIdx.x) * kCopyThreads + threadIdx.x;
}

__global__ void __launch_bounds__(kCopyThreads) copy(Word128* target, Stored source, std::uint64_t words) {
  const std::uint64_t i = own_word();
  if (i < words) cuda::store_streaming(target + i, source.load(i));
}

__global__ void __launch_bounds__(kCopyThreads)
    triad(Word128* target, Stored b, Stored c, std::uint64_t words) {
  const std::uint64_t i = own_word();
  if (i < words) cuda::store_streaming(target + i, triad_word(b.load(i), c.load(i)));
}

__global__ void __launch_bounds__(kThreads)
    count_bad(Stored data, std::uint64_t words, StreamStep step, std::uint64_t source, std::uint64_t other,
              unsigned long long* bad) {
  unsigned mine = 0;
  for_each_tile(words, [&](std::uint64_t first) {
    for (int u = 0; u < kUnroll; ++u) {
      const std::uint64_t i = first + u * kThreads;
      if (i < words) mine += !is_zero(data.load(i) ^ StreamPlan::target_word(step, source, other, i));
    }
  });
  if (mine != 0) atomicAdd(bad, static_cast<unsigned long long>(mine));
}

class Bandwidth : public MemoryBandwidth {
 public:
  Bandwidth(Gpu& gpu, std::uint64_t bytes, std::uint64_t seed)
      : MemoryBandwidth(bytes),
        plan_(seed),
        target_(gpu.allocate(bytes)),
        sources_{gpu.allocate(bytes), gpu.allocate(bytes)},
        words_(std::min({target_->words(), sources_[0]->words(), sources_[1]->words()})) {
    const std::uint64_t tiles = (words_ + kTileWords - 1) / kTileWords;
    tiled_ = {static_cast<unsigned>((tiles + kTilesPerBlock - 1) / kTilesPerBlock), kThreads};
    one_word_each_ = {static_cast<unsigned>((words_ + kCopyThreads - 1) / kCopyThreads), kCopyThreads};
    for (int source = 0; source < 2; ++source) {
      const std::uint64_t seed_of_source = plan_.source_seed(source);
      cuda::launch(tiled_, work_of(Stream::write), write, data(sources_[source]), words_, seed_of_source);
      count_.clear();
      cuda::launch(tiled_, Work{}, add_up<Generated>, Generated{seed_of_source}, words_, count_.get());
      expected_sum_[source] = count_.download();
    }
  }

  double run(Stream stream, int repetitions) override {
    const StreamStep step = plan_.next(stream);
    if (stream == Stream::read) count_.clear();
    watch_.start();
    const int launches = launch(step, repetitions);
    const double seconds = watch_.stop();
    if (stream == Stream::read) {
      const std::uint64_t expected = expected_sum_[step.source] * static_cast<std::uint64_t>(launches);
      wrong_sums_ += count_.download() != expected;
    }
    return seconds;
  }

  std::uint64_t bad_words() override {
    count_.clear();
    for (int source = 0; source < 2; ++source)
      count_bad_of(sources_[source], StreamStep{Stream::copy, source, 0});
    if (plan_.target_written()) count_bad_of(target_, plan_.target());
    return wrong_sums_ + count_.download();
  }

  std::uint64_t expected_sum(int source) const override { return expected_sum_[source]; }

 private:
  using Buffer = std::unique_ptr<DeviceBuffer>;
  static Word128* data(const Buffer& buffer) { return static_cast<Word128*>(buffer->device_pointer()); }
  static Stored stored(const Buffer& buffer) { return Stored{data(buffer)}; }

  Work work_of(Stream stream) const {
    return memory::work_of(stream, static_cast<double>(bytes_per_buffer()));
  }

  int launch(const StreamStep& step, int times) {
    return cuda::repeatedly(times, [&](int) { launch_once(step); });
  }
  void launch_once(const StreamStep& step) {
    const Buffer& source = sources_[step.source];
    const Work work = work_of(step.stream);
    switch (step.stream) {
      case Stream::read:
        return cuda::launch(tiled_, work, add_up<Stored>, stored(source), words_, count_.get());
      case Stream::write:
        return cuda::launch(tiled_, work, write, data(target_), words_, step.seed);
      case Stream::copy:
        return cuda::launch(one_word_each_, work, copy, data(target_), stored(source), words_);
      case Stream::triad:
        return cuda::launch(one_word_each_, work, triad, data(target_), stored(source),
                            stored(sources_[1 - step.source]), words_);
    }
  }

  /// Adds to count_ the words that do not hold what the step left there.
  void count_bad_of(const Buffer& buffer, const StreamStep& step) {
    cuda::launch(tiled_, work_of(Stream::read), count_bad, stored(buffer), words_, step,
                 plan_.source_seed(step.source), plan_.source_seed(1 - step.source), count_.get());
  }

  StreamPlan plan_;
  Buffer target_, sources_[2];
  std::uint64_t words_;
  cuda::Shape tiled_{}, one_word_each_{};
  std::uint64_t expected_sum_[2] = {0, 0};
  std::uint64_t wrong_sums_ = 0;
  cuda::Stopwatch watch_;
  cuda::Resident<unsigned long long> count_;
};

}  // namespace

std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu& gpu, std::uint64_t bytes_per_buffer,
                                                       std::uint64_t seed) {
  return std::make_unique<Bandwidth>(gpu, bytes_per_buffer, seed);
}

}  // namespace assay::memory::ASSAY_TARGET
