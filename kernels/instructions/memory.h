// Loads and stores of device memory. As all of this folder: an instruction that device code names itself,
// behind one inline function, which is the instruction on the card and what it is documented to do under the
// emulation.
#pragma once

#include <cuda_runtime.h>

#include "harness/node/gpu.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

__device__ inline Word128 to_word(ulonglong2 v) {
  return Word128{v.x, v.y};
}

/// ld.global.cs.v2.u64: 16 bytes that are not read again before the cache has turned over.
__device__ inline Word128 load_streaming(const Word128* address) {
  return to_word(__ldcs(reinterpret_cast<const ulonglong2*>(address)));
}
/// ld.global.cg.v2.u64: past the first-level cache.
__device__ inline Word128 load_past_l1(const Word128* address) {
  return to_word(__ldcg(reinterpret_cast<const ulonglong2*>(address)));
}
/// ld.global.cg.v2.u64 and st.global.cg.v2.u64 of a word that the second-level cache holds: under the
/// emulation what is wrong with the memory behind it does not show.
__device__ inline Word128 load_in_l2(const Word128* address) {
  return load_past_l1(address);
}
__device__ inline void store_in_l2(Word128* address, Word128 value) {
  __stcg(reinterpret_cast<ulonglong2*>(address), make_ulonglong2(value.low, value.high));
}
/// ld.volatile.u32: a value that others change by atomics meanwhile.
__device__ inline std::uint32_t load_relaxed(const std::uint32_t* address) {
  return *static_cast<const volatile std::uint32_t*>(address);
}
/// ld.volatile.global.v2.u64: of what others may have written, on whatever side of a link it lies.
__device__ inline Word128 load_volatile(const Word128* address) {
  Word128 word{};
  asm volatile("ld.volatile.global.v2.u64 {%0, %1}, [%2];"
               : "=l"(word.low), "=l"(word.high)
               : "l"(__cvta_generic_to_global(address))
               : "memory");
  return word;
}
/// st.global.cs.v2.u64
__device__ inline void store_streaming(Word128* address, Word128 value) {
  __stcs(reinterpret_cast<ulonglong2*>(address), make_ulonglong2(value.low, value.high));
}

#elif defined(ASSAY_CUDA_EMULATION)

inline Word128 load_streaming(const Word128* address) {
  return cuda_emulation::load_word(address);
}
inline Word128 load_past_l1(const Word128* address) {
  return cuda_emulation::load_word(address);
}
inline Word128 load_volatile(const Word128* address) {
  return cuda_emulation::load_word(address);
}
inline Word128 load_in_l2(const Word128* address) {
  return cuda_emulation::load_cached_word(address);
}
inline void store_in_l2(Word128* address, Word128 value) {
  cuda_emulation::store_cached_word(address, value);
}
inline std::uint32_t load_relaxed(const std::uint32_t* address) {
  return __atomic_load_n(address, __ATOMIC_RELAXED);
}
inline void store_streaming(Word128* address, Word128 value) {
  cuda_emulation::store_word(address, value);
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
