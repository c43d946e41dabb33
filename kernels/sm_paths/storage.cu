// What holds data in an SM: a thread's registers and the shared memory, marched over.
#include "kernels/sm_paths/round.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

/// March elements: write; read and write the complement; read that and write the first again; read. So every
/// bit is read as 0 and as 1, after a change either way.
class Registers {
 public:
  FirstWrong first_wrong;

  __device__ explicit Registers(const Parameters& p)
      : data_(static_cast<std::uint32_t>(data_of_thread(p.seed, 0))) {}

  __device__ std::uint64_t round() {
    std::uint32_t held[kRegistersHeld];
    const std::uint32_t data = cuda::opaque(data_);
#pragma unroll
    for (int i = 0; i < kRegistersHeld; ++i) held[i] = of(data, i);
    Hash hash;
    std::uint32_t inverted = 0;
#pragma unroll 1
    for (int element = 0; element < 3; ++element) {
#pragma unroll
      for (int i = 0; i < kRegistersHeld; ++i) {
        const std::uint32_t read = cuda::of_register(held[i], static_cast<unsigned>(i));
        const std::uint32_t flipped = read ^ of(data, i) ^ inverted;
        if (flipped != 0 && first_wrong.where == FirstWrong::kNone)
          first_wrong = {static_cast<std::uint32_t>(i), flipped};
        hash.add(read);
        held[i] = ~read;
      }
      inverted = ~inverted;
    }
    return hash.value();
  }

 private:
  /// Every register of a thread holds other bits.
  __device__ static std::uint32_t of(std::uint32_t data, int i) {
    return data ^ (static_cast<std::uint32_t>(i) * 0x9e3779b1u);
  }
  std::uint32_t data_;
};

/// All of it: each word written, read and inverted by one thread, upwards and downwards, read by another in
/// units of 16 bytes, and the first words worked on by atomics of all threads.
class Shared {
 public:
  FirstWrong first_wrong;

  __device__ explicit Shared(const Parameters& p) : seed_(p.seed) {}

  __device__ std::uint64_t round() {
    ASSAY_DYNAMIC_SHARED(words);
    Hash hash;
    for (std::uint32_t i = threadIdx.x; i < kSharedWords; i += kThreads) cuda::store_shared(words, i, of(i));
    __syncthreads();
    for (std::uint32_t i = threadIdx.x; i < kSharedWords; i += kThreads) {
      hash.add(read(words, i, 0));
      cuda::store_shared(words, i, ~of(i));
    }
    __syncthreads();
    for (std::uint32_t n = 0, i = threadIdx.x; n < kRows; ++n) {
      const std::uint32_t down = (kRows - 1 - n) * kThreads + i;
      if (down >= kSharedWords) continue;
      hash.add(read(words, down, ~0u));
      cuda::store_shared(words, down, of(down));
    }
    __syncthreads();
    // Of another thread of another warp.
    const std::uint32_t other = (threadIdx.x + 37 * 4) % kThreads;
    for (std::uint32_t i = 4 * other; i < kSharedWords; i += 4 * kThreads) {
      std::uint32_t four[4];
      cuda::load_four_shared(words, i, four);
#pragma unroll
      for (std::uint32_t n = 0; n < 4; ++n) hash.add(checked(four[n], i + n, 0));
    }
    __syncthreads();
    atomics(words, hash);
    return hash.value();
  }

 private:
  static constexpr std::uint32_t kRows = (kSharedWords + kThreads - 1) / kThreads;
  static constexpr std::uint32_t kCounters = 64;  // two in each bank

  __device__ std::uint32_t of(std::uint32_t i) const {
    return static_cast<std::uint32_t>(memory::mix64(seed_ ^ i));
  }
  __device__ std::uint32_t checked(std::uint32_t value, std::uint32_t i, std::uint32_t inverted) {
    const std::uint32_t flipped = value ^ of(i) ^ inverted;
    if (flipped != 0 && first_wrong.where == FirstWrong::kNone) first_wrong = {i, flipped};
    return value;
  }
  __device__ std::uint32_t read(const std::uint32_t* words, std::uint32_t i, std::uint32_t inverted) {
    return checked(cuda::load_shared(words, i), i, inverted);
  }
  /// Sums and parities do not depend on the order.
  __device__ void atomics(std::uint32_t* words, Hash& hash) {
    const std::uint32_t mine = of(kSharedWords + threadIdx.x);
    for (std::uint32_t n = 0; n < 4; ++n) {
      atomicAdd(words + (threadIdx.x + n) % kCounters, mine);
      atomicXor(words + kCounters + (threadIdx.x * 3 + n) % kCounters, mine);
    }
    __syncthreads();
    for (std::uint32_t i = threadIdx.x % 32; i < 2 * kCounters; i += 32)
      hash.add(cuda::load_shared(words, i));
    __syncthreads();
  }
  std::uint64_t seed_;
};

}  // namespace

std::vector<cuda::StandIn> launch_storage(Datapath path, const Parameters& p, const Work& work,
                                          unsigned sms) {
  if (path == Datapath::registers) return launch_path<Registers>(p, work, sms);
  return launch_path<Shared>(p, work, sms, kSharedWords * sizeof(std::uint32_t));
}

}  // namespace assay::compute::ASSAY_TARGET
