#include "harness/node_sim/cuda_emulation/fiber.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstring>

namespace assay::cuda_emulation {
namespace {

struct Left {
  Fiber* fiber;
  volatile char* frame;  // of a body that never comes to its end
};

void leave_a_frame(void* argument) {
  auto* const left = static_cast<Left*>(argument);
  volatile char frame[40] = {};
  left->frame = frame;
  left->fiber->pause();
}

/// The address sanitizer would report the write: it had marked what lies round the frame, and keeps its marks
/// where memory is unmapped behind its back.
TEST(Fiber, WhatIsMappedWhereItsStackWasCanBeWritten) {
  constexpr std::uintptr_t kPage = 4096;
  Left left{};
  {
    const auto fibers = Fiber::make_some();
    left.fiber = fibers.front().get();
    left.fiber->start(leave_a_frame, &left);
    left.fiber->resume();
    ASSERT_NE(left.frame, nullptr);
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  void* const wanted = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(left.frame) / kPage * kPage);
  void* const page =
      mmap(wanted, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  ASSERT_EQ(page, wanted) << "another thread was faster";
  std::memset(page, 1, kPage);
  munmap(page, kPage);
}

}  // namespace
}  // namespace assay::cuda_emulation
