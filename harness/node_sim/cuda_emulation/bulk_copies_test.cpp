#include "harness/node_sim/cuda_emulation/bulk_copies.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "harness/node_sim/cuda_emulation/device_code.h"

namespace assay::cuda_emulation {
namespace {

constexpr unsigned kThreads = 64;
constexpr std::uint32_t kBytes = 512;

template <typename Kernel>
void run(const Kernel& kernel, std::uint64_t seed = 7) {
  Kernel copy = kernel;
  run_grid(
      {1}, {kThreads}, 4096, seed, [](void* it) { (*static_cast<Kernel*>(it))(); }, &copy);
}

Where here() {
  return Where::current();
}

struct alignas(16) Source {
  unsigned char bytes[2 * kBytes];
  Source() {
    for (std::size_t i = 0; i < sizeof(bytes); ++i) bytes[i] = static_cast<unsigned char>(i * 7 + 1);
  }
};

std::uint64_t* barrier() {
  ASSAY_SHARED(std::uint64_t, place);
  return &place;
}

void init() {
  if (threadIdx.x == 0) byte_barrier_init(barrier(), here());
  __syncthreads();
}

TEST(BulkCopies, BytesAreThereOnceThePhaseHasEnded) {
  const Source source;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    unsigned wrong = 0;
    run(
        [&] {
          init();
          auto* const shared = static_cast<unsigned char*>(dynamic_shared());
          for (std::uint32_t phase = 0; phase < 2; ++phase) {
            if (threadIdx.x == 0) {
              expect_bytes(barrier(), kBytes, here());
              for (std::uint32_t at = 0; at < kBytes; at += 128)
                copy_to_shared(shared + at, source.bytes + phase * kBytes + at, 128, barrier(), here());
            }
            while (!phase_ended(barrier(), phase, here())) {
            }
            for (std::uint32_t i = threadIdx.x; i < kBytes; i += kThreads)
              wrong += shared[i] != source.bytes[phase * kBytes + i] ? 1 : 0;
            __syncthreads();
          }
        },
        seed);
    EXPECT_EQ(wrong, 0u);
  }
}

/// A wait for one barrier lets copies of others arrive, too, and their phases end.
TEST(BulkCopies, BarriersEndTheirPhasesWhoeverIsWaitedFor) {
  const Source source;
  constexpr std::uint32_t kBarriers = 4;
  struct Barriers {
    std::uint64_t of[kBarriers];
  };
  static std::atomic<unsigned> wrong = 0;  // the thread sanitizer takes device threads for threads
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    run(
        [&] {
          ASSAY_SHARED(Barriers, barriers);
          auto* const shared = static_cast<unsigned char*>(dynamic_shared());
          if (threadIdx.x == 0) {
            for (std::uint64_t& one : barriers.of) byte_barrier_init(&one, here());
            for (std::uint32_t i = 0; i < kBarriers; ++i) {
              expect_bytes(&barriers.of[i], 128, here());
              copy_to_shared(shared + 128 * i, source.bytes + 128 * i, 128, &barriers.of[i], here());
            }
          }
          __syncthreads();
          for (std::uint32_t i = kBarriers; i-- > 0;) {
            while (!phase_ended(&barriers.of[i], 0, here())) {
            }
            for (std::uint32_t k = threadIdx.x; k < 128; k += kThreads)
              wrong += shared[128 * i + k] != source.bytes[128 * i + k] ? 1 : 0;
          }
        },
        seed);
    EXPECT_EQ(wrong, 0u);
  }
}

TEST(BulkCopies, WhoReadsTooEarlyReadsSomethingElse) {
  const Source source;
  bool differed = false;
  run([&] {
    init();
    auto* const shared = static_cast<unsigned char*>(dynamic_shared());
    if (threadIdx.x == 0) {
      expect_bytes(barrier(), kBytes, here());
      copy_to_shared(shared, source.bytes, kBytes, barrier(), here());
      differed = shared[0] != source.bytes[0];
    }
    while (!phase_ended(barrier(), 0, here())) {
    }
  });
  EXPECT_TRUE(differed);
}

TEST(BulkCopies, WhatIsWrittenInSharedMemoryGoesBack) {
  alignas(16) unsigned char target[kBytes] = {};
  run([&] {
    auto* const shared = static_cast<unsigned char*>(dynamic_shared());
    for (std::uint32_t i = threadIdx.x; i < kBytes; i += kThreads) shared[i] = static_cast<unsigned char>(i);
    __syncthreads();
    if (threadIdx.x == 0) copy_from_shared(target, shared, kBytes, here());
  });
  for (std::uint32_t i = 0; i < kBytes; ++i) ASSERT_EQ(target[i], static_cast<unsigned char>(i));
}

TEST(BulkCopies, MistakesAreNamed) {
  const Source source;
  const auto one = [&](auto act) {
    return [&, act] {
      init();
      if (threadIdx.x == 0) act(static_cast<unsigned char*>(dynamic_shared()));
    };
  };
  using Bytes = unsigned char*;
  const Where where = here();
  EXPECT_THROW(run(one([&](Bytes to) { copy_to_shared(to, source.bytes, 24, barrier(), where); })),
               KernelError);
  EXPECT_THROW(run(one([&](Bytes to) { copy_to_shared(to, source.bytes + 8, 16, barrier(), where); })),
               KernelError);
  EXPECT_THROW(
      run(one([&](Bytes to) { copy_to_shared(to + 4096 - 16, source.bytes, 32, barrier(), where); })),
      KernelError);
  EXPECT_THROW(run(one([&](Bytes) { byte_barrier_init(barrier(), where); })), KernelError);
  EXPECT_THROW(run(one([&](Bytes) { expect_bytes(barrier() + 1, 16, where); })), KernelError);
  EXPECT_THROW(run(one([&](Bytes) {
                 expect_bytes(barrier(), 16, where);
                 expect_bytes(barrier(), 16, where);
               })),
               KernelError);
  // Bytes that never come, and a block that goes before they have.
  EXPECT_THROW(run(one([&](Bytes) {
                 expect_bytes(barrier(), 32, where);
                 while (!phase_ended(barrier(), 0, where)) {
                 }
               })),
               KernelError);
  EXPECT_THROW(run(one([&](Bytes to) {
                 expect_bytes(barrier(), 16, where);
                 copy_to_shared(to, source.bytes, 16, barrier(), where);
               })),
               KernelError);
}

}  // namespace
}  // namespace assay::cuda_emulation
