// Loads and stores of global memory of every width, through the first-level cache.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>

#include "harness/model/datapath.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// ld.global of the width of T, that the compiler does not leave out or merge. 16 bytes are four words.
template <typename T>
__device__ T load_global(const unsigned char* address) {
  return *reinterpret_cast<const volatile T*>(address);
}
template <typename T>
__device__ void store_global(unsigned char* address, T value) {
  *reinterpret_cast<volatile T*>(address) = value;
}
__device__ inline void store_four_global(unsigned char* address, const std::uint32_t (&four)[4]) {
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(address)),
               "r"(four[0]), "r"(four[1]), "r"(four[2]), "r"(four[3])
               : "memory");
}
/// ld.global.v4.u32; with `past_l1`, ld.global.cg: what others than this SM's threads wrote.
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
  for (unsigned i = 0; i < 4; ++i) four[i] = load_global<std::uint32_t>(address + 4 * i);
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
