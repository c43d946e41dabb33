// What device code finds in CUDA's headers: qualifiers, indices, vector types, barriers, collectives, atomics
// and accesses with a cache hint. The emulation runs it as plain C++ (grid.h).
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/cuda_emulation/grid.h"

// Names are CUDA's.
// NOLINTBEGIN(bugprone-reserved-identifier, bugprone-macro-parentheses)
#define __host__
#define __device__
#define __global__
#define __launch_bounds__(...)
#define __forceinline__ inline

#define threadIdx (::assay::cuda_emulation::place().thread_index)
#define blockIdx (::assay::cuda_emulation::place().block_index)
#define gridDim (::assay::cuda_emulation::place().grid)
#define blockDim (::assay::cuda_emulation::place().block)

namespace assay::cuda_emulation {

inline void __syncthreads(Where where = Where::current()) {
  barrier(where);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, Where where = Where::current()) {
  warp_barrier(mask, where);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, Where where = Where::current()) {
  return ballot(mask, predicate != 0, where);
}
inline int __any_sync(unsigned mask, int predicate, Where where = Where::current()) {
  return ballot(mask, predicate != 0, where) != 0;
}
inline int __all_sync(unsigned mask, int predicate, Where where = Where::current()) {
  return ballot(mask, predicate != 0, where) == mask;
}

inline unsigned lane_of_this_thread() {
  const Place& here = place();
  return (here.thread_index.x + here.block.x * (here.thread_index.y + here.block.y * here.thread_index.z)) %
         kLanesPerWarp;
}

template <typename T>
concept Shuffled = std::is_trivially_copyable_v<T> &&(sizeof(T) == 4 || sizeof(T) == 8);

/// CUDA's shuffles over the whole warp: a source beyond its ends is the lane itself.
template <Shuffled T>
T shuffle_from(unsigned mask, T mine, unsigned from, Where where) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &mine, sizeof(T));
  bits = shuffle(mask, bits, from < kLanesPerWarp ? from : lane_of_this_thread(), where);
  std::memcpy(&mine, &bits, sizeof(T));
  return mine;
}
template <Shuffled T>
T __shfl_sync(unsigned mask, T mine, int from, Where where = Where::current()) {
  return shuffle_from(mask, mine, static_cast<unsigned>(from) % kLanesPerWarp, where);
}
template <Shuffled T>
T __shfl_down_sync(unsigned mask, T mine, unsigned by, Where where = Where::current()) {
  return shuffle_from(mask, mine, lane_of_this_thread() + by, where);
}
template <Shuffled T>
T __shfl_up_sync(unsigned mask, T mine, unsigned by, Where where = Where::current()) {
  return shuffle_from(mask, mine, lane_of_this_thread() - by, where);
}
template <Shuffled T>
T __shfl_xor_sync(unsigned mask, T mine, int with, Where where = Where::current()) {
  return shuffle_from(mask, mine, lane_of_this_thread() ^ static_cast<unsigned>(with), where);
}

inline int __popc(unsigned v) {
  return std::popcount(v);
}
inline int __popcll(unsigned long long v) {
  return std::popcount(v);
}

/// Relaxed, as on the device. Another thread may come before it.
template <typename T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  maybe_pause();
  return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
template <typename T>
T atomicXor(T* address, std::type_identity_t<T> value) {
  maybe_pause();
  return __atomic_fetch_xor(address, value, __ATOMIC_RELAXED);
}
template <typename T>
T atomicOr(T* address, std::type_identity_t<T> value) {
  maybe_pause();
  return __atomic_fetch_or(address, value, __ATOMIC_RELAXED);
}

/// One access of 16 bytes to device memory, through whatever is planted there.
inline Word128 load_word(const Word128* address) {
  return faulty_memory == nullptr ? *address : faulty_memory->load(address);
}
inline void store_word(Word128* address, Word128 value) {
  if (faulty_memory == nullptr) {
    *address = value;
  } else {
    faulty_memory->store(address, value);
  }
}

}  // namespace assay::cuda_emulation

/// Shared memory of the block. On the card: __shared__ type name.
#define ASSAY_SHARED(type, name)                                           \
  type& name = *static_cast<type*>(::assay::cuda_emulation::shared_object( \
      sizeof(type), alignof(type), ::assay::cuda_emulation::Where::current()))
// NOLINTEND(bugprone-reserved-identifier, bugprone-macro-parentheses)
