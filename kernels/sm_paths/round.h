// The frame of every datapath's kernel: rounds of work on data that a seed gives, each compared with the
// first.
//
// A datapath is a class, made once for every thread, with round(), which does the same work each time and
// returns a hash of all that came of it, and, if it knows what it must read, `first_wrong`.
#pragma once

#include <cstdint>

#include "kernels/cuda_support.h"
#include "kernels/instructions/sm.h"
#include "kernels/memory_patterns.h"
#include "kernels/sm_paths/round_sizes.h"
#include "kernels/sm_paths/sm_paths.h"

namespace assay::compute {
inline namespace ASSAY_TARGET {

struct Parameters {
  std::uint64_t seed;
  std::uint32_t rounds;
  Data data;
  ThreadResult* results;  // kThreads of each block
  FirstWrong* first_wrong;
  unsigned char* scratch;       // kScratchBytes of each block
  const unsigned char* source;  // kSourceBytes
};

__device__ inline std::uint32_t rotated(std::uint32_t word, int by) {
  return word << by | word >> (32 - by);
}

/// Two independent sums of 32 bits: one wrong word changes both for certain, several do but for one case in
/// 2^64. Without the rotation upper bits would stay where they are, and two of them make up for one another.
class Hash {
 public:
  __device__ void add(std::uint32_t word) {
    a_ = rotated(a_, 5) * 0x9e3779b1u + word;
    b_ = rotated(b_ ^ word, 13) * 0x85ebca77u;
  }
  __device__ void add(std::uint64_t word) {
    add(static_cast<std::uint32_t>(word));
    add(static_cast<std::uint32_t>(word >> 32));
  }
  __device__ std::uint64_t value() const { return static_cast<std::uint64_t>(a_) << 32 | b_; }

 private:
  std::uint32_t a_ = 0x243f6a88u, b_ = 0x85a308d3u;  // of pi: anything but zeros
};

/// Another value for each thread of a block and each `which`, alike on all SMs.
__device__ inline std::uint64_t data_of_thread(std::uint64_t seed, std::uint32_t which) {
  return memory::mix64(seed ^ memory::mix64(static_cast<std::uint64_t>(threadIdx.x) << 32 | which));
}

/// The value, as if it came from elsewhere: a round is not worked out once for all.
__device__ inline std::uint64_t opaque(std::uint64_t value) {
  return static_cast<std::uint64_t>(cuda::opaque(static_cast<unsigned>(value >> 32))) << 32 |
         cuda::opaque(static_cast<unsigned>(value));
}

template <typename Path>
__global__ void __launch_bounds__(kThreads, 1) look_at(Parameters p) {
  const unsigned sm = cuda::sm_id();
  Path path(p);
  std::uint64_t first = 0;
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < p.rounds; ++i) {
    const std::uint64_t hash = path.round();
    if (i == 0) {
      first = hash;
    } else {
      wrong += hash != first;
    }
  }
  const std::uint64_t mine = static_cast<std::uint64_t>(blockIdx.x) * kThreads + threadIdx.x;
  p.results[mine] = {first, wrong, static_cast<std::uint16_t>(sm), static_cast<std::uint16_t>(cuda::sm_id())};
  p.first_wrong[mine] = path.first_wrong;
}

/// Launches one block on each SM.
template <typename Path>
std::vector<cuda::StandIn> launch_path(const Parameters& p, const Work& work, unsigned sms,
                                       std::size_t shared_bytes = cuda::kSharedBytesOfOneBlock) {
  return cuda::launch_one_block_an_sm({sms, kThreads, shared_bytes}, work, look_at<Path>, p);
}

/// By datapath: the launches of arithmetic.cu, storage.cu, copies.cu and tensor.cu.
std::vector<cuda::StandIn> launch_arithmetic(Datapath path, const Parameters& p, const Work& work,
                                             unsigned sms);
std::vector<cuda::StandIn> launch_storage(Datapath path, const Parameters& p, const Work& work, unsigned sms);
std::vector<cuda::StandIn> launch_copies(Datapath path, const Parameters& p, const Work& work, unsigned sms);
std::vector<cuda::StandIn> launch_tensor(Datapath path, const Parameters& p, const Work& work, unsigned sms);

}  // namespace ASSAY_TARGET
}  // namespace assay::compute
