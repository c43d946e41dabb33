// What is sent and received in groups.
#include <gtest/gtest.h>

#include <tuple>

#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {
namespace {

namespace cuda = cuda_emulation;
using cuda::Arriving;
using cuda::CollectiveCall;

/// group.cc: ncclGroupEndInternal, enqueue.cc: ncclPrepareTasks.
TEST_F(NcclLibrary, AGroupIsDoneAsAWhole) {
  with_ranks(2, [](const RankAtWork& at) {
    auto* const memory = allocate<float>(4);
    const float mine = static_cast<float>(at.rank + 1);
    std::fill(memory, memory + 4, mine);
    const auto add = [&](float* to) {
      return at.api.all_reduce(memory, to, 1, DataType::f32, Op::sum, at.comm, nullptr);
    };
    EXPECT_EQ(in_a_group(at.api,
                         [&] {
                           EXPECT_EQ(add(memory + 1), Result::success);
                           EXPECT_EQ(at.api.send(memory, 1, DataType::f32, 2, at.comm, nullptr),
                                     Result::invalid_argument);
                           EXPECT_EQ(add(memory + 2), Result::success);
                         }),
              Result::invalid_argument);
    EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
    EXPECT_EQ(memory[1], mine) << "it was dropped";
    EXPECT_EQ(memory[2], mine);

    at.sync(in_a_group(at.api, [&] {
      EXPECT_EQ(add(memory + 1), Result::success);
      const int other = 1 - at.rank;
      EXPECT_EQ(at.api.receive(memory + 3, 1, DataType::f32, other, at.comm, nullptr), Result::success);
      EXPECT_EQ(in_a_group(at.api, [&] { EXPECT_EQ(add(memory + 2), Result::success); }), Result::success);
      EXPECT_EQ(at.api.send(memory, 1, DataType::f32, other, at.comm, nullptr), Result::success);
    }));
    EXPECT_EQ(memory[1], 3);
    EXPECT_EQ(memory[2], 3);
    EXPECT_EQ(memory[3], 3 - mine);
  });
}

/// enqueue.cc: scheduleP2pTasksToPlan: first come, first served, on each way.
TEST_F(NcclLibrary, WhatIsSentArrivesInItsOrder) {
  constexpr int kMost = 7;  // beyond what the stand-in keeps of a way
  with_ranks(2, [](const RankAtWork& at) {
    auto *const from = allocate<std::int32_t>(kMost), *const to = allocate<std::int32_t>(kMost);
    for (int i = 0; i < kMost; ++i) from[i] = 100 * (at.rank + 1) + i;
    at.sync(in_a_group(at.api, [&] {
      for (int i = 0; i < kMost; ++i) {
        EXPECT_EQ(at.api.send(from + i, 1, DataType::i32, 1 - at.rank, at.comm, nullptr), Result::success);
        EXPECT_EQ(at.api.receive(to + i, 1, DataType::i32, 1 - at.rank, at.comm, nullptr), Result::success);
      }
    }));
    for (int i = 0; i < kMost; ++i) EXPECT_EQ(to[i], 100 * (2 - at.rank) + i);
    // One at a time, too: each waits for the other.
    for (int i = 0; i < kMost; ++i) {
      if (at.rank == 0) at.sync(at.api.send(from + i, 1, DataType::i32, 1, at.comm, nullptr));
      if (at.rank == 1) at.sync(at.api.receive(to + i, 1, DataType::i32, 0, at.comm, nullptr));
      if (at.rank == 1) {
        EXPECT_EQ(to[i], 100 + i);
      }
    }
  });
}

/// What spoils data on its way spoils them for all that they still go to.
TEST_F(NcclLibrary, WhatArrivesIsPassedOn) {
  std::vector<std::tuple<int, int, int>> ways;  // from, to, step
  node_.arrive = [&](const CollectiveCall& call, const Arriving& data) {
    EXPECT_STREQ(call.function, "Broadcast");
    EXPECT_STREQ(call.type, "ncclInt32");
    EXPECT_EQ(data.count, 1u);
    EXPECT_EQ(data.element_bytes, 4u);
    ways.emplace_back(data.from_slot, data.to_slot, data.step);
    if (data.to_slot != 0) return;
    std::int32_t value = 0;
    std::memcpy(&value, data.data, sizeof(value));
    ++value;
    std::memcpy(data.data, &value, sizeof(value));
  };
  with_ranks(4, [](const RankAtWork& at) {
    auto* const memory = allocate<std::int32_t>(1);
    *memory = at.rank == 3 ? 7 : 0;
    at.sync(at.api.broadcast(memory, memory, 1, DataType::i32, 3, at.comm, nullptr));
    EXPECT_EQ(*memory, at.rank == 3 ? 7 : 8);
  });
  EXPECT_EQ(ways, (std::vector<std::tuple<int, int, int>>{{3, 0, 1}, {0, 1, 2}, {1, 2, 3}}));
}

}  // namespace
}  // namespace assay::nccl
