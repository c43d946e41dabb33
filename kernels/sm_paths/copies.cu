// What carries data between an SM and global memory: loads and stores of every width, atomics, bulk copies.
#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/global.h"
#include "kernels/sm_paths/round.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

constexpr std::uint32_t kBytesOfThread = kScratchBytes / kThreads;
static_assert(kBytesOfThread == 16);

/// A thread of another warp.
__device__ std::uint32_t other_thread(std::uint32_t by) {
  return (threadIdx.x + 33 * by) % kThreads;
}

/// Written by one thread in one width, read by threads of other warps in the others.
class LoadStore {
 public:
  FirstWrong first_wrong;

  __device__ explicit LoadStore(const Parameters& p)
      : seed_(p.seed), scratch_(p.scratch + static_cast<std::size_t>(blockIdx.x) * kScratchBytes) {}

  __device__ std::uint64_t round() {
    Hash hash;
    write<std::uint8_t>(0);
    read<std::uint16_t>(1, hash);
    write<std::uint16_t>(2);
    read<std::uint32_t>(3, hash);
    write<std::uint32_t>(4);
    read<std::uint64_t>(5, hash);
    write<std::uint64_t>(6);
    read_four(7, hash);
    write_four(8);
    read<std::uint8_t>(9, hash);
    atomics(hash);
    return hash.value();
  }

 private:
  template <typename T>
  __device__ void write(std::uint32_t step) {
    unsigned char* const to = scratch_ + threadIdx.x * kBytesOfThread;
    for (std::uint32_t i = 0; i < kBytesOfThread / sizeof(T); ++i)
      cuda::store_global(to + i * sizeof(T), static_cast<T>(data_of_thread(seed_, 16 * step + i)));
    __syncthreads();
  }
  template <typename T>
  __device__ void read(std::uint32_t step, Hash& hash) {
    const unsigned char* const from = scratch_ + other_thread(step) * kBytesOfThread;
    // The second time out of the first-level cache.
    for (int time = 0; time < 2; ++time) {
      for (std::uint32_t i = 0; i < kBytesOfThread / sizeof(T); ++i)
        hash.add(static_cast<std::uint64_t>(cuda::load_global<T>(from + i * sizeof(T))));
    }
    __syncthreads();
  }
  __device__ void write_four(std::uint32_t step) {
    std::uint32_t four[4];
#pragma unroll
    for (std::uint32_t i = 0; i < 4; ++i)
      four[i] = static_cast<std::uint32_t>(data_of_thread(seed_, 16 * step + i));
    cuda::store_four_global(scratch_ + threadIdx.x * kBytesOfThread, four);
    __syncthreads();
  }
  __device__ void read_four(std::uint32_t step, Hash& hash) {
    std::uint32_t four[4];
    cuda::load_four_global<false>(scratch_ + other_thread(step) * kBytesOfThread, four);
#pragma unroll
    for (std::uint32_t i = 0; i < 4; ++i) hash.add(four[i]);
    __syncthreads();
  }
  /// Of global memory, in the second-level cache. Sums and parities do not depend on the order.
  __device__ void atomics(Hash& hash) {
    auto* const words = reinterpret_cast<std::uint32_t*>(scratch_);
    const auto mine = static_cast<std::uint32_t>(data_of_thread(seed_, 16 * 10));
    for (std::uint32_t n = 1; n < 5; ++n) {
      atomicAdd(words + 2 * other_thread(n), mine);
      atomicXor(words + 2 * other_thread(n) + 1, mine);
    }
    __syncthreads();
    std::uint32_t four[4];
    cuda::load_four_global<true>(scratch_ + other_thread(6) * kBytesOfThread, four);
#pragma unroll
    for (std::uint32_t i = 0; i < 4; ++i) hash.add(four[i]);
    __syncthreads();
  }
  std::uint64_t seed_;
  unsigned char* scratch_;
};

/// From a source that all SMs read into shared memory; inverted there, a part of it back to memory, and from
/// there once more.
class BulkCopy {
 public:
  FirstWrong first_wrong;

  __device__ explicit BulkCopy(const Parameters& p)
      : source_(p.source), scratch_(p.scratch + static_cast<std::size_t>(blockIdx.x) * kScratchBytes) {
    ASSAY_SHARED(std::uint64_t, arrived);
    arrived_ = &arrived;
    if (threadIdx.x == 0) cuda::byte_barrier_init(arrived_);
    __syncthreads();
  }

  __device__ std::uint64_t round() {
    ASSAY_DYNAMIC_SHARED(words);
    if (threadIdx.x == 0) {
      cuda::expect_bytes(arrived_, kSourceBytes);
      constexpr std::uint32_t kPiece = kSourceBytes / kBulkCopies;
      for (std::uint32_t i = 0; i < kBulkCopies; ++i)
        cuda::copy_to_shared(words + i * (kPiece / 4), source_ + i * kPiece, kPiece, arrived_);
    }
    wait();
    Hash hash;
    for (std::uint32_t i = threadIdx.x; i < kSourceBytes / 4; i += kThreads) {
      const std::uint32_t word = words[i];
      hash.add(word);
      words[i] = ~word;
    }
    cuda::fence_for_async();
    __syncthreads();
    constexpr std::uint32_t kAgain = kSourceBytes / 4;
    if (threadIdx.x == 0) {
      cuda::copy_from_shared(scratch_, words, kScratchBytes);
      cuda::expect_bytes(arrived_, kScratchBytes);
      cuda::copy_to_shared(words + kAgain, scratch_, kScratchBytes, arrived_);
    }
    wait();
    for (std::uint32_t i = threadIdx.x; i < kScratchBytes / 4; i += kThreads) hash.add(words[kAgain + i]);
    cuda::fence_for_async();  // the next round's copies write where these reads were
    __syncthreads();
    return hash.value();
  }

 private:
  __device__ void wait() {
    while (!cuda::phase_ended(arrived_, phase_)) {
    }
    phase_ ^= 1;
  }
  const unsigned char* source_;
  unsigned char* scratch_;
  std::uint64_t* arrived_ = nullptr;
  std::uint32_t phase_ = 0;
};

}  // namespace

std::vector<cuda::StandIn> launch_copies(Datapath path, const Parameters& p, const Work& work, unsigned sms) {
  if (path == Datapath::load_store) return launch_path<LoadStore>(p, work, sms);
  return launch_path<BulkCopy>(p, work, sms);
}

}  // namespace assay::compute::ASSAY_TARGET
