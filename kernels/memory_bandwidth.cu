#include <algorithm>
#include <utility>

#include "kernels/cuda_support.h"
#include "kernels/memory_bandwidth.h"
#include "kernels/memory_bandwidth_host.h"
#include "kernels/stream_plan.h"

namespace assay::memory {

#ifdef ASSAY_WITH_CUDA
namespace device {

constexpr int kThreads = 256;
constexpr int kCopyThreads = 128;
constexpr int kUnroll = 4;  // independent 16-byte loads a thread has in flight
constexpr std::uint64_t kTileWords = static_cast<std::uint64_t>(kThreads) * kUnroll;
/// 128 KiB a block: many more blocks than fit at once, so that the last wave is short against the rest.
constexpr std::uint64_t kTilesPerBlock = 8;

struct Stored {
  const ulonglong2* data;
  __device__ Word128 load(std::uint64_t i) const {
    const ulonglong2 v = __ldcs(data + i);
    return Word128{v.x, v.y};
  }
};

/// The data without the memory: what a read has to add up to.
struct Generated {
  std::uint64_t seed;
  __device__ Word128 load(std::uint64_t i) const { return stream_word(seed, i); }
};

__device__ void put(ulonglong2* data, std::uint64_t i, Word128 w) {
  __stcs(data + i, make_ulonglong2(w.low, w.high));
}

/// Calls body(first, count) for a thread's words: first, first + kThreads, ... in every tile of the grid's
/// stride.
template <typename Body>
__device__ void for_each_tile(std::uint64_t words, const Body& body) {
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * kTileWords;
  for (std::uint64_t tile = blockIdx.x * kTileWords; tile < words; tile += stride) body(tile + threadIdx.x);
}

template <typename Source>
__global__ void __launch_bounds__(kThreads)
    add_up(Source source, std::uint64_t words, unsigned long long* sum) {
  __shared__ unsigned long long of_block;
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

__global__ void __launch_bounds__(kThreads)
    write(ulonglong2* target, std::uint64_t words, std::uint64_t seed) {
  for_each_tile(words, [&](std::uint64_t first) {
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      const std::uint64_t i = first + u * kThreads;
      if (i < words) put(target, i, stream_word(seed, i));
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

__global__ void __launch_bounds__(kCopyThreads) copy(ulonglong2* target, Stored source, std::uint64_t words) {
  const std::uint64_t i = own_word();
  if (i < words) put(target, i, source.load(i));
}

__global__ void __launch_bounds__(kCopyThreads)
    triad(ulonglong2* target, Stored b, Stored c, std::uint64_t words) {
  const std::uint64_t i = own_word();
  if (i < words) put(target, i, triad_word(b.load(i), c.load(i)));
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
        words_(bytes / sizeof(Word128)),
        plan_(seed),
        target_(gpu.allocate(bytes)),
        sources_{gpu.allocate(bytes), gpu.allocate(bytes)} {
    const std::uint64_t tiles = (words_ + kTileWords - 1) / kTileWords;
    blocks_ = static_cast<unsigned>((tiles + kTilesPerBlock - 1) / kTilesPerBlock);
    copy_blocks_ = static_cast<unsigned>((words_ + kCopyThreads - 1) / kCopyThreads);
    for (int source = 0; source < 2; ++source) {
      write<<<blocks_, kThreads>>>(data(sources_[source]), words_, plan_.source_seed(source));
      count_.clear();
      add_up<<<blocks_, kThreads>>>(Generated{plan_.source_seed(source)}, words_, count_.get());
      cuda::check(cudaGetLastError(), "fill");
      expected_sum_[source] = count_.download();
    }
  }

  double run(Stream stream, int repetitions) override {
    const StreamStep step = plan_.next(stream);
    if (stream == Stream::read) count_.clear();
    watch_.start();
    for (int i = 0; i < repetitions; ++i) launch(step);
    const double seconds = watch_.stop();
    if (stream == Stream::read) {
      const std::uint64_t expected = expected_sum_[step.source] * static_cast<std::uint64_t>(repetitions);
      wrong_sums_ += count_.download() != expected;
    }
    return seconds;
  }

  std::uint64_t bad_words() override {
    count_.clear();
    for (int source = 0; source < 2; ++source) {
      count_bad<<<blocks_, kThreads>>>(stored(sources_[source]), words_, StreamStep{Stream::copy, source, 0},
                                       plan_.source_seed(source), 0, count_.get());
    }
    if (plan_.target_written()) {
      const StreamStep& step = plan_.target();
      count_bad<<<blocks_, kThreads>>>(stored(target_), words_, step, plan_.source_seed(step.source),
                                       plan_.source_seed(1 - step.source), count_.get());
    }
    cuda::check(cudaGetLastError(), "verify");
    return wrong_sums_ + count_.download();
  }

 private:
  using Buffer = std::unique_ptr<DeviceBuffer>;
  static ulonglong2* data(const Buffer& buffer) { return static_cast<ulonglong2*>(buffer->device_pointer()); }
  static Stored stored(const Buffer& buffer) { return Stored{data(buffer)}; }

  void launch(const StreamStep& step) {
    const Buffer& source = sources_[step.source];
    switch (step.stream) {
      case Stream::read:
        add_up<<<blocks_, kThreads>>>(stored(source), words_, count_.get());
        break;
      case Stream::write:
        write<<<blocks_, kThreads>>>(data(target_), words_, step.seed);
        break;
      case Stream::copy:
        copy<<<copy_blocks_, kCopyThreads>>>(data(target_), stored(source), words_);
        break;
      case Stream::triad:
        triad<<<copy_blocks_, kCopyThreads>>>(data(target_), stored(source),
                                              stored(sources_[1 - step.source]), words_);
        break;
    }
  }

  std::uint64_t words_;
  StreamPlan plan_;
  Buffer target_, sources_[2];
  unsigned blocks_ = 0, copy_blocks_ = 0;
  std::uint64_t expected_sum_[2] = {0, 0};
  std::uint64_t wrong_sums_ = 0;
  cuda::Stopwatch watch_;
  cuda::Resident<unsigned long long> count_;
};

}  // namespace device
#endif  // ASSAY_WITH_CUDA

double MemoryBandwidth::bytes(Stream stream) const {
  const double buffer = static_cast<double>(bytes_per_buffer_);
  switch (stream) {
    case Stream::read:
    case Stream::write:
      return buffer;
    case Stream::copy:
      return 2 * buffer;
    case Stream::triad:
      break;
  }
  return 3 * buffer;
}

std::uint64_t default_stream_bytes(Gpu& gpu) {
  constexpr std::uint64_t kUsual = 4ULL << 30;
  constexpr std::uint64_t kStep = 2ULL << 20;
  const std::uint64_t fitting = std::min(kUsual, gpu.memory().free_bytes / 4);
  return std::max(fitting, 32 * gpu.l2_bytes()) / kStep * kStep;
}

std::unique_ptr<MemoryBandwidth> make_memory_bandwidth(Gpu& gpu, std::uint64_t bytes_per_buffer,
                                                       std::uint64_t seed) {
  if (gpu.host() != nullptr) return std::make_unique<host::Bandwidth>(gpu, bytes_per_buffer, seed);
#ifdef ASSAY_WITH_CUDA
  return std::make_unique<device::Bandwidth>(gpu, bytes_per_buffer, seed);
#else
  throw DeviceError("harness.no_cuda", "this build has no CUDA");
#endif
}

}  // namespace assay::memory
