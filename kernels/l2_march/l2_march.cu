#include <algorithm>

#include "kernels/cuda_support.h"
#include "kernels/instructions/memory.h"
#include "kernels/l2_march/l2_march.h"

namespace assay::memory::ASSAY_TARGET {
namespace {

constexpr unsigned kThreads = 512;
constexpr unsigned kBlocksPerSm = 2;
/// Words that a thread has in flight: a read takes some 450 cycles, and the cache answers 50 to 60 bytes a
/// cycle to each SM.
constexpr unsigned kInFlight = 4;

struct March {
  Word128* data;
  std::uint64_t words;
  std::uint64_t seed_before, seed;  // of the last launch, and of this one
  bool inverted_before;
  int rounds;
  unsigned shift;  // of blocks against pieces
};

/// A block a piece. A thread keeps to its own words, so that nobody waits for anybody between rounds.
template <bool kWrites>
__global__ void __launch_bounds__(kThreads) march_through(March march, BadWordList* bad) {
  const std::uint64_t piece = (blockIdx.x + march.shift) % gridDim.x;
  const std::uint64_t first = march.words * piece / gridDim.x, end = march.words * (piece + 1) / gridDim.x;
  for (int round = 0; round < march.rounds; ++round) {
    const bool as_left = !kWrites || round == 0;
    const std::uint64_t seed_before = as_left ? march.seed_before : march.seed;
    const bool inverted_before = as_left ? march.inverted_before : round % 2 == 0;
    for (std::uint64_t i = first + threadIdx.x; i < end; i += kThreads * kInFlight) {
      Word128 read[kInFlight];
#pragma unroll
      for (unsigned u = 0; u < kInFlight; ++u) {
        if (i + u * kThreads < end) read[u] = cuda::load_in_l2(march.data + i + u * kThreads);
      }
#pragma unroll
      for (unsigned u = 0; u < kInFlight; ++u) {
        const std::uint64_t index = i + u * kThreads;
        if (index >= end) break;
        compare(index, l2_word(seed_before, index, inverted_before), read[u], bad);
        if constexpr (kWrites)
          cuda::store_in_l2(march.data + index, l2_word(march.seed, index, round % 2 != 0));
      }
    }
  }
}

__global__ void __launch_bounds__(kThreads) fill(Word128* data, std::uint64_t words, std::uint64_t seed) {
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * kThreads;
  for (std::uint64_t i = static_cast<std::uint64_t>(blockIdx.x) * kThreads + threadIdx.x; i < words;
       i += stride)
    cuda::store_in_l2(data + i, l2_word(seed, i, false));
}

class L2MarchOnGpu final : public L2March {
 public:
  L2MarchOnGpu(Gpu& gpu, std::uint64_t seed)
      : data_(gpu.allocate(l2_working_set(gpu.l2_bytes()))),
        grid_{
            static_cast<unsigned>(std::min<std::uint64_t>(
                kBlocksPerSm * static_cast<unsigned>(gpu.multiprocessors()), data_->words() / kThreads + 1)),
            kThreads},
        rounds_(gpu.emulated() ? 4 : kRoundsOfL2),
        seed_(mix64(seed)) {
    cuda::launch(grid_, Work(WorkKind::cached, static_cast<double>(data_->bytes())), fill,
                 cuda::pointer<Word128>(data_), data_->words(), seed_);
  }

  L2Report march(int times) override { return report_of<true>(times); }
  L2Report look(int times) override { return report_of<false>(times); }

 private:
  /// It shares no divisor with an H200's 264 blocks: each piece goes round all of them.
  static constexpr unsigned kShift = 61;

  template <bool kWrites>
  L2Report report_of(int times) {
    bad_.clear();
    watch_.start();
    cuda::repeatedly(times, [&](int) { launch<kWrites>(); });
    L2Report report;
    report.seconds = watch_.stop();
    report.bytes = (kWrites ? 2ull : 1ull) * kRoundsOfL2 * data_->bytes() * static_cast<std::uint64_t>(times);
    const BadWords bad = bad_.download().words();
    report.bad_words = bad.count;
    report.first = bad.first;
    return report;
  }

  template <bool kWrites>
  void launch() {
    const std::uint64_t next = mix64(seed_);
    ++launches_;
    const March march{cuda::pointer<Word128>(data_),    data_->words(), seed_, next, inverted_, rounds_,
                      launches_ * kShift % grid_.blocks};
    cuda::launch(grid_, work_of_l2_march(data_->bytes(), kWrites), march_through<kWrites>, march, bad_.get());
    if (!kWrites) return;
    seed_ = next;
    inverted_ = (rounds_ - 1) % 2 != 0;
  }

  std::unique_ptr<DeviceBuffer> data_;
  cuda::Shape grid_;
  int rounds_;
  std::uint64_t seed_;
  bool inverted_ = false;
  unsigned launches_ = 0;
  cuda::Stopwatch watch_;
  cuda::Resident<BadWordList> bad_;
};

}  // namespace

std::unique_ptr<L2March> make_l2_march(Gpu& gpu, std::uint64_t seed) {
  return std::make_unique<L2MarchOnGpu>(gpu, seed);
}

}  // namespace assay::memory::ASSAY_TARGET
