// wgmma.mma_async: D = A x B + D by a warp group, both operands in shared memory: PTX ISA 9.0, "Asynchronous
// warpgroup level matrix instructions". For sm_90a alone. wgmma_fence(), then as many of one form as are
// wanted, wgmma_commit(), wgmma_wait(); until it returns nobody touches D or the operands.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

/// How an operand's rows lie (PTX ISA, "Strides"). Bytes; swizzle_mode: 0 none, 1 of 128 bytes, 2 of 64, 3 of
/// 32.
struct WgmmaStrides {
  std::uint32_t leading, stride, swizzle_mode;
};

/// "Matrix descriptor format": addresses and strides in units of 16 bytes.
__device__ inline std::uint64_t wgmma_descriptor(std::uint32_t shared_address, const WgmmaStrides& strides) {
  const auto field = [](std::uint32_t bytes) { return static_cast<std::uint64_t>((bytes & 0x3FFFF) >> 4); };
  return field(shared_address) | field(strides.leading) << 16 | field(strides.stride) << 32 |
         static_cast<std::uint64_t>(strides.swizzle_mode) << 62;
}

#if defined(__CUDACC__)

__device__ inline void wgmma_fence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ inline void wgmma_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
__device__ inline void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
}
/// Before the first and after the last of a batch: the compiler is not to move accumulators meanwhile.
template <int kCount>
__device__ void touch(std::uint32_t (&d)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) asm volatile("" : "+r"(d[i])::"memory");
}

#define ASSAY_O4(d, i) "+r"(d[i]), "+r"(d[(i) + 1]), "+r"(d[(i) + 2]), "+r"(d[(i) + 3])
#define ASSAY_O8(d, i) ASSAY_O4(d, i), ASSAY_O4(d, (i) + 4)
#define ASSAY_O16(d, i) ASSAY_O4(d, i), ASSAY_O4(d, (i) + 4), ASSAY_O4(d, (i) + 8), ASSAY_O4(d, (i) + 12)
#define ASSAY_O32(d, i) ASSAY_O16(d, i), ASSAY_O16(d, (i) + 16)
#define ASSAY_O64(d) ASSAY_O32(d, 0), ASSAY_O32(d, 32)
#define ASSAY_O128(d) ASSAY_O32(d, 0), ASSAY_O32(d, 32), ASSAY_O32(d, 64), ASSAY_O32(d, 96)

#define ASSAY_T4 "{%0, %1, %2, %3}"
#define ASSAY_T8 "{%0, %1, %2, %3, %4, %5, %6, %7}"
#define ASSAY_T16 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}"
#define ASSAY_T32                                                                                         \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, " \
  "%22, "                                                                                                 \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31}"
#define ASSAY_T64                                                                                         \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, " \
  "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, "  \
  "%42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, "  \
  "%62, %63}"
#define ASSAY_T128                                                                                         \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, "  \
  "%22, "                                                                                                  \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, "   \
  "%43, "                                                                                                  \
  "%44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "   \
  "%64, "                                                                                                  \
  "%65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, "   \
  "%85, "                                                                                                  \
  "%86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, "   \
  "%105, "                                                                                                 \
  "%106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, " \
  "%123, %124, %125, %126, %127}"

/// `more`: what follows the predicate: signs and, of 16-bit elements, which operand is MN-major.
#define ASSAY_WGMMA(Name, registers, columns, form, shape_and_types, text, a, b, outputs, more)              \
  struct Name {                                                                                              \
    static constexpr int kRegisters = registers, kColumns = columns;                                         \
    __device__ static void multiply(std::uint32_t (&d)[registers], std::uint64_t of_a, std::uint64_t of_b) { \
      asm volatile("wgmma.mma_async.sync.aligned." shape_and_types " " text ", %" #a ", %" #b ", 1" more ";" \
                   : outputs                                                                                 \
                   : "l"(of_a), "l"(of_b)                                                                    \
                   : "memory");                                                                              \
    }                                                                                                        \
  };

#elif defined(ASSAY_CUDA_EMULATION)

inline void wgmma_fence(cuda_emulation::Where where = cuda_emulation::Where::current()) {
  cuda_emulation::wgmma_fence(where);
}
inline void wgmma_commit(cuda_emulation::Where where = cuda_emulation::Where::current()) {
  cuda_emulation::wgmma_commit(where);
}
inline void wgmma_wait(cuda_emulation::Where where = cuda_emulation::Where::current()) {
  cuda_emulation::wgmma_wait(where);
}
template <int kCount>
void touch(std::uint32_t (&)[kCount]) {}

#define ASSAY_FORM(...) __VA_ARGS__
#define ASSAY_WGMMA(Name, registers, columns, form, ...)                                        \
  struct Name {                                                                                 \
    static constexpr int kRegisters = registers, kColumns = columns;                            \
    static void multiply(std::uint32_t (&d)[registers], std::uint64_t of_a, std::uint64_t of_b, \
                         cuda_emulation::Where where = cuda_emulation::Where::current()) {      \
      using enum cuda_emulation::TensorType;                                                    \
      cuda_emulation::wgmma({ASSAY_FORM form}, d, of_a, of_b, where);                           \
    }                                                                                           \
  };

#endif

namespace wgmma {

#define ASSAY_SIGNS ", 1, 1"
ASSAY_WGMMA(Bf16N8, 4, 8, (bf16, bf16, 8), "m64n8k16.f32.bf16.bf16", ASSAY_T4, 4, 5, ASSAY_O4(d, 0),
            ASSAY_SIGNS ", 0, 0")
ASSAY_WGMMA(Bf16N8TransposedA, 4, 8, (bf16, bf16, 8, true), "m64n8k16.f32.bf16.bf16", ASSAY_T4, 4, 5,
            ASSAY_O4(d, 0), ASSAY_SIGNS ", 1, 0")
ASSAY_WGMMA(Bf16N16, 8, 16, (bf16, bf16, 16), "m64n16k16.f32.bf16.bf16", ASSAY_T8, 8, 9, ASSAY_O8(d, 0),
            ASSAY_SIGNS ", 0, 0")
ASSAY_WGMMA(Bf16, 32, 64, (bf16, bf16, 64), "m64n64k16.f32.bf16.bf16", ASSAY_T32, 32, 33, ASSAY_O32(d, 0),
            ASSAY_SIGNS ", 0, 0")
ASSAY_WGMMA(Bf16TransposedA, 32, 64, (bf16, bf16, 64, true), "m64n64k16.f32.bf16.bf16", ASSAY_T32, 32, 33,
            ASSAY_O32(d, 0), ASSAY_SIGNS ", 1, 0")
ASSAY_WGMMA(Bf16TransposedB, 32, 64, (bf16, bf16, 64, false, true), "m64n64k16.f32.bf16.bf16", ASSAY_T32, 32,
            33, ASSAY_O32(d, 0), ASSAY_SIGNS ", 0, 1")
ASSAY_WGMMA(Bf16N256, 128, 256, (bf16, bf16, 256), "m64n256k16.f32.bf16.bf16", ASSAY_T128, 128, 129,
            ASSAY_O128(d), ASSAY_SIGNS ", 0, 0")
ASSAY_WGMMA(F16, 32, 64, (f16, f16, 64), "m64n64k16.f32.f16.f16", ASSAY_T32, 32, 33, ASSAY_O32(d, 0),
            ASSAY_SIGNS ", 0, 0")
ASSAY_WGMMA(F16N256, 128, 256, (f16, f16, 256), "m64n256k16.f32.f16.f16", ASSAY_T128, 128, 129, ASSAY_O128(d),
            ASSAY_SIGNS ", 0, 0")
#if defined(__CUDACC__)
ASSAY_WGMMA(F16ToF16, 16, 64, (), "m64n64k16.f16.f16.f16", ASSAY_T16, 16, 17, ASSAY_O16(d, 0),
            ASSAY_SIGNS ", 0, 0")
#endif  // the emulation has accumulators of 32 bits alone
ASSAY_WGMMA(Tf32, 32, 64, (tf32, tf32, 64), "m64n64k8.f32.tf32.tf32", ASSAY_T32, 32, 33, ASSAY_O32(d, 0),
            ASSAY_SIGNS)
ASSAY_WGMMA(Tf32N256, 128, 256, (tf32, tf32, 256), "m64n256k8.f32.tf32.tf32", ASSAY_T128, 128, 129,
            ASSAY_O128(d), ASSAY_SIGNS)
ASSAY_WGMMA(E4m3, 32, 64, (e4m3, e4m3, 64), "m64n64k32.f32.e4m3.e4m3", ASSAY_T32, 32, 33, ASSAY_O32(d, 0),
            ASSAY_SIGNS)
ASSAY_WGMMA(E4m3N256, 128, 256, (e4m3, e4m3, 256), "m64n256k32.f32.e4m3.e4m3", ASSAY_T128, 128, 129,
            ASSAY_O128(d), ASSAY_SIGNS)
ASSAY_WGMMA(E5m2, 32, 64, (e5m2, e5m2, 64), "m64n64k32.f32.e5m2.e5m2", ASSAY_T32, 32, 33, ASSAY_O32(d, 0),
            ASSAY_SIGNS)
ASSAY_WGMMA(E4m3E5m2, 32, 64, (e4m3, e5m2, 64), "m64n64k32.f32.e4m3.e5m2", ASSAY_T32, 32, 33, ASSAY_O32(d, 0),
            ASSAY_SIGNS)
ASSAY_WGMMA(S8, 32, 64, (s8, s8, 64), "m64n64k32.s32.s8.s8", ASSAY_T32, 32, 33, ASSAY_O32(d, 0), "")
ASSAY_WGMMA(S8N128, 64, 128, (s8, s8, 128), "m64n128k32.s32.s8.s8", ASSAY_T64, 64, 65, ASSAY_O64(d), "")
ASSAY_WGMMA(S8N256, 128, 256, (s8, s8, 256), "m64n256k32.s32.s8.s8", ASSAY_T128, 128, 129, ASSAY_O128(d), "")
ASSAY_WGMMA(U8S8, 32, 64, (u8, s8, 64), "m64n64k32.s32.u8.s8", ASSAY_T32, 32, 33, ASSAY_O32(d, 0), "")

}  // namespace wgmma

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
