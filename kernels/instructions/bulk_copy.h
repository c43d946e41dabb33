// Bulk copies between global and shared memory (TMA without tensor maps), and the barriers that count their
// bytes: PTX ISA 9.0, "cp.async.bulk", "mbarrier". Addresses and sizes are multiples of 16 bytes.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

__device__ inline std::uint32_t shared_address(const void* place) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(place));
}

/// Of one thread, which then tells the others by a barrier of the block.
__device__ inline void byte_barrier_init(std::uint64_t* barrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(barrier)) : "memory");
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
/// The phase ends once so many bytes have come. Of one thread.
__device__ inline void expect_bytes(std::uint64_t* barrier, std::uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(bytes)
               : "memory");
}
__device__ inline void copy_to_shared(void* shared, const void* global, std::uint32_t bytes,
                                      std::uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
          shared_address(shared)),
      "l"(__cvta_generic_to_global(global)), "r"(bytes), "r"(shared_address(barrier))
      : "memory");
}
/// Whether the phase of this parity has ended; the first one's is 0. May wait a while, and may say no too
/// early.
__device__ inline bool phase_ended(std::uint64_t* barrier, std::uint32_t parity) {
  std::uint32_t ended = 0;
  asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
               : "=r"(ended)
               : "r"(shared_address(barrier)), "r"(parity)
               : "memory");
  return ended != 0;
}
/// What this thread wrote to shared memory is there for bulk copies and wgmma, once a barrier of the block
/// follows.
__device__ inline void fence_for_async() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
/// And waits until it is written. Of one thread.
__device__ inline void copy_from_shared(void* global, const void* shared, std::uint32_t bytes) {
  asm volatile(
      "cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(__cvta_generic_to_global(global)),
      "r"(shared_address(shared)), "r"(bytes)
      : "memory");
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
  asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}

#elif defined(ASSAY_CUDA_EMULATION)

using cuda_emulation::Where;

inline std::uint32_t shared_address(const void* place) {
  return cuda_emulation::shared_address(place);
}
inline void byte_barrier_init(std::uint64_t* barrier, Where where = Where::current()) {
  cuda_emulation::byte_barrier_init(barrier, where);
}
inline void expect_bytes(std::uint64_t* barrier, std::uint32_t bytes, Where where = Where::current()) {
  cuda_emulation::expect_bytes(barrier, bytes, where);
}
inline void copy_to_shared(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier,
                           Where where = Where::current()) {
  cuda_emulation::copy_to_shared(shared, global, bytes, barrier, where);
}
inline bool phase_ended(std::uint64_t* barrier, std::uint32_t parity, Where where = Where::current()) {
  return cuda_emulation::phase_ended(barrier, parity, where);
}
inline void fence_for_async() {}
inline void copy_from_shared(void* global, const void* shared, std::uint32_t bytes,
                             Where where = Where::current()) {
  cuda_emulation::copy_from_shared(global, shared, bytes, where);
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
