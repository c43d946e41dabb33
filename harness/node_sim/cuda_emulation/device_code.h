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
  return number_in_group(kLanesPerWarp);
}
inline unsigned thread_in_block() {
  return number_in_group(kMostThreadsPerBlock);
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

inline unsigned __brev(unsigned v) {
  unsigned reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (v >> i & 1) << (31 - i);
  return reversed;
}
inline int __clz(int v) {
  return std::countl_zero(static_cast<unsigned>(v));
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(std::uint64_t{a} * b >> 32);
}
/// The upper word of high:low, moved to the left by the lower five bits of `by`.
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) {
  return static_cast<unsigned>((std::uint64_t{high} << 32 | low) << (by & 31) >> 32);
}
/// Byte i of the result is that of y:x which the lower three bits of the i-th four of `selector` name.
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const std::uint64_t bytes = std::uint64_t{y} << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i)
    result |= static_cast<unsigned>(bytes >> (selector >> (4 * i) & 7) * 8 & 0xff) << (8 * i);
  return result;
}
/// Four signed bytes by four, added up, and c.
inline int __dp4a(int a, int b, int c) {
  auto sum = static_cast<unsigned>(c);
  for (int i = 0; i < 4; ++i)
    sum += static_cast<unsigned>(static_cast<std::int8_t>(a >> (8 * i)) *
                                 static_cast<std::int8_t>(b >> (8 * i)));
  return static_cast<int>(sum);
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

inline SmPlace sm_place_of(unsigned thread) {
  return {sm_of_this_block(), thread / kLanesPerWarp % kSubPartitions, thread % kLanesPerWarp};
}
/// The result of a datapath of this multiprocessor, through whatever is planted in it.
template <typename T>
T result_of(Datapath path, T value, unsigned where = 0) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t) && std::is_trivially_copyable_v<T>);
  if (faulty_sms == nullptr) return value;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = faulty_sms->result(sm_place_of(thread_in_block()), path, where, bits);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// One access of 16 bytes to device memory, through whatever is planted there.
inline Word128 load_word(const Word128* address) {
  return faulty_memory == nullptr ? *address : faulty_memory->load(address);
}
/// The same where the second-level cache holds it.
inline Word128 load_cached_word(const Word128* address) {
  return faulty_memory == nullptr ? *address : faulty_memory->load_cached(address);
}
inline void store_cached_word(Word128* address, Word128 value) {
  *address = value;
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
