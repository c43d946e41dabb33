// What belongs to one multiprocessor: its number, a thread's registers, its shared memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "harness/model/datapath.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// %smid: may have gaps, and may change while a block runs (PTX ISA, "%smid").
__device__ inline unsigned sm_id() {
  unsigned id = 0;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(id));
  return id;
}

/// The value itself, of which the compiler knows nothing: what follows from it is not worked out before a
/// loop and kept, where registers are dearer than instructions.
__device__ inline unsigned opaque(unsigned value) {
  asm volatile("" : "+r"(value));
  return value;
}
/// The value, out of the register that it is held in.
__device__ inline std::uint32_t of_register(std::uint32_t value, unsigned) {
  return opaque(value);
}

/// ld.shared.u32, and with four of them ld.shared.v4.u32, that the compiler does not leave out.
__device__ inline std::uint32_t load_shared(const std::uint32_t* words, unsigned i) {
  return *static_cast<const volatile std::uint32_t*>(words + i);
}
__device__ inline void store_shared(std::uint32_t* words, unsigned i, std::uint32_t value) {
  *static_cast<volatile std::uint32_t*>(words + i) = value;
}
__device__ inline void load_four_shared(const std::uint32_t* words, unsigned i, std::uint32_t (&four)[4]) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(words + i));
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(four[0]), "=r"(four[1]), "=r"(four[2]), "=r"(four[3])
               : "r"(address)
               : "memory");
}

/// The launch's dynamic shared memory, as words.
#define ASSAY_DYNAMIC_SHARED(name)                           \
  extern __shared__ __align__(1024) unsigned char name##_[]; \
  auto* const name = reinterpret_cast<std::uint32_t*>(name##_)

#elif defined(ASSAY_CUDA_EMULATION)

inline unsigned sm_id() {
  return cuda_emulation::sm_of_this_block();
}
inline unsigned opaque(unsigned value) {
  return value;
}
inline std::uint32_t of_register(std::uint32_t value, unsigned number) {
  return cuda_emulation::result_of(Datapath::registers, value, number);
}

/// 32 banks of four bytes each.
inline std::uint32_t load_shared(const std::uint32_t* words, unsigned i) {
  return cuda_emulation::result_of(Datapath::shared, words[i], i % 32);
}
inline void store_shared(std::uint32_t* words, unsigned i, std::uint32_t value) {
  words[i] = value;
}
inline void load_four_shared(const std::uint32_t* words, unsigned i, std::uint32_t (&four)[4]) {
  for (unsigned n = 0; n < 4; ++n) four[n] = load_shared(words, i + n);
}

#define ASSAY_DYNAMIC_SHARED(name) \
  auto* const name = static_cast<std::uint32_t*>(::assay::cuda_emulation::dynamic_shared())

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
