#include "harness/node_sim/cuda_emulation/fiber.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstring>

namespace assay::cuda_emulation {
namespace {

/// The thread sanitizer takes a fiber for a thread.
struct Left {
  std::atomic<Fiber*> fiber = nullptr;
  std::atomic<volatile char*> frame = nullptr;  // of a body that never comes to its end
};

void leave_a_frame(void* argument) {
  auto* const left = static_cast<Left*>(argument);
  volatile char frame[40] = {};
  left->frame = frame;
  left->fiber.load()->pause();
}

/// The address sanitizer would report the write: it had marked what lies round the frame, and keeps its marks
/// where memory is unmapped behind its back.
TEST(Fiber, WhatIsMappedWhereItsStackWasCanBeWritten) {
  constexpr std::uintptr_t kPage = 4096;
  static Left left;  // on no stack: what the fiber did there would be taken for a race with what comes next
  {
    const auto fibers = Fiber::make_some();
    left.fiber = fibers.front().get();
    fibers.front()->start(leave_a_frame, &left);
    fibers.front()->resume();
    ASSERT_NE(left.frame.load(), nullptr);
  }
  // NOLINTBEGIN(performance-no-int-to-ptr)
  void* const wanted =
      reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(left.frame.load()) / kPage * kPage);
  // NOLINTEND(performance-no-int-to-ptr)
  void* const page =
      mmap(wanted, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  ASSERT_EQ(page, wanted) << "another thread was faster";
  std::memset(page, 1, kPage);
  munmap(page, kPage);
}

}  // namespace
}  // namespace assay::cuda_emulation
