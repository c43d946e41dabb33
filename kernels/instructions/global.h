// Loads and stores of global memory of every width, through the first-level cache.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>

#include "harness/model/datapath.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// ld.global.ca of the width of T, that the compiler does not leave out or merge: a second one of the same
/// place comes out of the first-level cache.
template <typename T>
__device__ T load_global(const unsigned char* address) {
  const auto from = __cvta_generic_to_global(address);
  if constexpr (sizeof(T) == 8) {
    std::uint64_t value = 0;
    asm volatile("ld.global.ca.u64 %0, [%1];" : "=l"(value) : "l"(from) : "memory");
    return value;
  } else {
    std::uint32_t value = 0;
    if constexpr (sizeof(T) == 4)
      asm volatile("ld.global.ca.u32 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
    if constexpr (sizeof(T) == 2)
      asm volatile("ld.global.ca.u16 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
    if constexpr (sizeof(T) == 1)
      asm volatile("ld.global.ca.u8 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
    return static_cast<T>(value);
  }
}
template <typename T>
__device__ void store_global(unsigned char* address, T value) {
  const auto to = __cvta_generic_to_global(address);
  if constexpr (sizeof(T) == 8)
    asm volatile("st.global.u64 [%0], %1;" ::"l"(to), "l"(std::uint64_t{value}) : "memory");
  if constexpr (sizeof(T) == 4)
    asm volatile("st.global.u32 [%0], %1;" ::"l"(to), "r"(std::uint32_t{value}) : "memory");
  if constexpr (sizeof(T) == 2)
    asm volatile("st.global.u16 [%0], %1;" ::"l"(to), "r"(std::uint32_t{value}) : "memory");
  if constexpr (sizeof(T) == 1)
    asm volatile("st.global.u8 [%0], %1;" ::"l"(to), "r"(std::uint32_t{value}) : "memory");
}
__device__ inline void store_four_global(unsigned char* address, const std::uint32_t (&four)[4]) {
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(address)),
               "r"(four[0]), "r"(four[1]), "r"(four[2]), "r"(four[3])
               : "memory");
}
/// ld.global.v4.u32; with kPastL1, ld.global.cg: what others than this SM's threads wrote.
template <bool kPastL1>
__device__ void load_four_global(const unsigned char* address, std::uint32_t (&four)[4]) {
  if constexpr (kPastL1) {
    asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(four[0]), "=r"(four[1]), "=r"(four[2]), "=r"(four[3])
                 : "l"(__cvta_generic_to_global(address))
                 : "memory");
  } else {
    asm volatile("ld.global.ca.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(four[0]), "=r"(four[1]), "=r"(four[2]), "=r"(four[3])
                 : "l"(__cvta_generic_to_global(address))
                 : "memory");
  }
}

#elif defined(ASSAY_CUDA_EMULATION)

template <typename T>
T load_global(const unsigned char* address) {
  T value;
  std::memcpy(&value, address, sizeof(T));
  return cuda_emulation::result_of(Datapath::load_store, value);
}
template <typename T>
void store_global(unsigned char* address, T value) {
  std::memcpy(address, &value, sizeof(T));
}
inline void store_four_global(unsigned char* address, const std::uint32_t (&four)[4]) {
  std::memcpy(address, four, sizeof(four));
}
template <bool>
void load_four_global(const unsigned char* address, std::uint32_t (&four)[4]) {
  for (std::size_t i = 0; i < 4; ++i) four[i] = load_global<std::uint32_t>(address + 4 * i);
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
