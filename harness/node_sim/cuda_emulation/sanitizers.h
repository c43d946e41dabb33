// What the sanitizers have to be told: which stack runs, and which device threads a barrier orders. Nothing
// in a build without them.
//
// This folder's own bookkeeping is no part of what the thread sanitizer is to watch: its sources are compiled
// without it (cmake/cuda_emulation.cmake), and only what is said here orders two device threads.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(ASSAY_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

namespace assay::cuda_emulation::sanitizers {

/// The thread sanitizer takes what one fiber does for ordered, so device threads that are there together must
/// not share one. Those of a block and of the block that comes in its place do: a race between just these two
/// shows only in another order of the blocks.
#if defined(ASSAY_THREAD_SANITIZER)
inline constexpr bool kFibersTellThreadsApart = true;
#else
inline constexpr bool kFibersTellThreadsApart = false;
#endif

/// A fiber as the sanitizers know it.
class FiberState {
 public:
#if defined(ASSAY_THREAD_SANITIZER)
  void create() {
    fiber_ = __tsan_create_fiber(0);
  }
  void destroy() {
    __tsan_destroy_fiber(fiber_);
  }
  void resuming(const void*, std::size_t) {
    resumer_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber_, __tsan_switch_to_fiber_no_sync);
  }
  void resumed() {}
  void entered() {}
  void pausing() {
    __tsan_switch_to_fiber(resumer_, __tsan_switch_to_fiber_no_sync);
  }
  void leaving_for_good() {
    pausing();
  }
  void forget_stack(const void*, std::size_t) {}

 private:
  void *fiber_ = nullptr, *resumer_ = nullptr;
#elif defined(__SANITIZE_ADDRESS__)
  void create() {}
  void destroy() {}
  void resuming(const void* stack, std::size_t bytes) {
    __sanitizer_start_switch_fiber(&resumers_frames_, stack, bytes);
  }
  void resumed() {
    __sanitizer_finish_switch_fiber(resumers_frames_, nullptr, nullptr);
  }
  void entered() {
    __sanitizer_finish_switch_fiber(frames_, &resumers_stack_, &resumers_bytes_);
  }
  void pausing() {
    __sanitizer_start_switch_fiber(&frames_, resumers_stack_, resumers_bytes_);
  }
  void leaving_for_good() {
    __sanitizer_start_switch_fiber(nullptr, resumers_stack_, resumers_bytes_);
  }
  /// Frames that were dropped left their red zones behind.
  void forget_stack(const void* stack, std::size_t bytes) {
    frames_ = nullptr;
    __asan_unpoison_memory_region(stack, bytes);
  }

 private:
  void *frames_ = nullptr, *resumers_frames_ = nullptr;
  const void* resumers_stack_ = nullptr;
  std::size_t resumers_bytes_ = 0;
#else
  void create() {}
  void destroy() {}
  void resuming(const void*, std::size_t) {}
  void resumed() {}
  void entered() {}
  void pausing() {}
  void leaving_for_good() {}
  void forget_stack(const void*, std::size_t) {}
#endif
};

/// All before release(place) of one device thread happens before what follows acquire(place) of another.
inline void release([[maybe_unused]] void* place) {
#if defined(ASSAY_THREAD_SANITIZER)
  __tsan_release(place);
#endif
}
inline void acquire([[maybe_unused]] void* place) {
#if defined(ASSAY_THREAD_SANITIZER)
  __tsan_acquire(place);
#endif
}

}  // namespace assay::cuda_emulation::sanitizers
