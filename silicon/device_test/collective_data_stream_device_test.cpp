// Data of collectives: what a rank's buffers are asked for beside a look: whether all is done, graphs, times,
// digests, and one buffer looked at while the other is received into.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "silicon/device_test/collective_data_fixture.h"

namespace assay::collective {
namespace {

bool done_in_time(RankData& data) {
  const auto most = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!data.done()) {
    if (std::chrono::steady_clock::now() > most) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(10));
  }
  return true;
}

TEST_F(CollectiveDataDeviceHalf, OnceAllIsDoneItSaysSo) {
  of_rank(0).prepare({{Collective::all_reduce, DataType::f32, Op::sum, 1021, 0}, 0, 2, 1}, false);
  EXPECT_TRUE(done_in_time(of_rank(0)));
}

TEST_F(CollectiveDataDeviceHalf, AGraphOfNothingIsLaunchedAndDone) {
  const Request request{Collective::all_reduce, DataType::f32, Op::sum, 1021, 0};
  const Elements right = played(request, prepared(request, 2, false))[0];
  int recorded = 0;
  for (int again = 0; again < 3; ++again) of_rank(0).as_graph([&] { ++recorded; });
  EXPECT_EQ(recorded, 3);
  EXPECT_TRUE(done_in_time(of_rank(0)));
  EXPECT_EQ(looked_through(0, request.type, right).count, 0u);
}

TEST_F(CollectiveDataDeviceHalf, WorkBetweenTheMarksTakesTime) {
  of_rank(0).mark(0);
  of_rank(0).prepare({{Collective::all_reduce, DataType::f32, Op::sum, 1021, 0}, 0, 2, 1}, false);
  of_rank(0).mark(1);
  EXPECT_GT(of_rank(0).seconds_between(0, 1), 0);
}

TEST_F(CollectiveDataDeviceHalf, LookingTwiceFindsTheSame) {
  const Request request{Collective::all_reduce, DataType::f32, Op::sum, 1021, 0};
  prepared(request, 2, false);
  for (int again = 0; again < 3; ++again) EXPECT_EQ(of_rank(0).look_through().count, 1021u);
}

/// In every type, and in it no more than what was received.
TEST_F(CollectiveDataDeviceHalf, WhatWasLookedAtAndSpoiltIsFoundToBeWrongThen) {
  for_each_type([&](DataType type) {
    const Request request{Collective::all_reduce, type, Op::sum, 1021, 0};
    const Elements right = played(request, prepared(request, 2, false))[0];
    upload(of_rank(0).receive(), type, right);
    of_rank(0).look_and_spoil();
    const Mismatches first = of_rank(0).found(), then = of_rank(0).look_through();
    EXPECT_EQ(first.count, 0u) << nccl::name_of(type);
    EXPECT_EQ(then.count, 1021u) << nccl::name_of(type);
    EXPECT_EQ(then.outside, 0u) << nccl::name_of(type);
  });
}

TEST_F(CollectiveDataDeviceHalf, AMarkIsPassedOnceWhatLiesBeforeItIsDone) {
  of_rank(0).prepare({{Collective::all_reduce, DataType::f32, Op::sum, 1021, 0}, 0, 2, 1}, false);
  of_rank(0).mark(0);
  ASSERT_TRUE(done_in_time(of_rank(0)));
  EXPECT_TRUE(of_rank(0).passed(0));
}

/// On the card: under the emulation the host takes no time.
TEST_F(CollectiveDataDeviceHalf, WhatIsHeldBeginsLater) {
  const double held_s = of_rank(0).stands_for_more() ? 0 : 0.1;
  of_rank(0).mark(0);
  of_rank(0).hold(held_s);
  of_rank(0).mark(1);
  EXPECT_EQ(of_rank(0).passed(1), held_s == 0);
  ASSERT_TRUE(done_in_time(of_rank(0)));
  EXPECT_GE(of_rank(0).seconds_between(0, 1), 0.99 * held_s);
}

/// Whatever lies before it in its buffer.
TEST_F(CollectiveDataDeviceHalf, RanksThatReceivedTheSameHaveTheSameDigest) {
  for_each_type([&](DataType type) {
    const Request request{Collective::all_gather, type, Op::sum, 127, 0};
    std::set<std::uint64_t> digests;
    const std::vector<Elements> received = played(request, prepared(request, 3, true));
    for (int rank = 0; rank < 3; ++rank) {
      upload(of_rank(rank).receive(), type, received[static_cast<std::size_t>(rank)]);
      digests.insert(of_rank(rank).digest());
    }
    EXPECT_EQ(digests.size(), 1u) << nccl::name_of(type);
    Elements changed = received[0];
    changed.back() ^= 1;
    upload(of_rank(0).receive(), type, changed);
    digests.insert(of_rank(0).digest());
    changed = received[0];
    std::swap(changed.front(), changed[1]);
    if (changed != received[0]) {
      upload(of_rank(0).receive(), type, changed);
      digests.insert(of_rank(0).digest());
      EXPECT_EQ(digests.size(), 3u) << nccl::name_of(type) << ", changed";
    }
  });
}

/// A rank with two buffers, one looked at while the other is received into.
struct CollectiveDataInTwoBuffers : CollectiveDataDeviceHalf {
  CollectiveDataInTwoBuffers() : two(make_rank_data(gpu, kBytes, 2)) {
    right = played(request, prepared(request, 2, false))[0];
    two->prepare({request, 0, 2, 1}, false);
  }
  void receive(std::size_t buffer, const Elements& what) {
    two->receive_into(buffer);
    upload(two->receive(), request.type, what);
    two->received();
  }

  const Request request{Collective::all_reduce, DataType::f32, Op::sum, 1021, 0};
  Elements right;
  std::unique_ptr<RankData> two;
};

TEST_F(CollectiveDataInTwoBuffers, EachIsLookedAt) {
  Elements wrong = right;
  wrong[7] ^= 1;
  for (const std::size_t bad : {0, 1}) {
    receive(0, bad == 0 ? wrong : right);
    receive(1, bad == 1 ? wrong : right);
    two->look_beside(0);
    EXPECT_EQ(two->found().count, bad == 0 ? 1u : 0u);
    two->look_beside(1);
    const Mismatches found = two->found();
    EXPECT_EQ(found.count, bad == 1 ? 1u : 0u);
    EXPECT_EQ(found.outside, 0u);
  }
}

TEST_F(CollectiveDataInTwoBuffers, WhatManyLooksFoundAddsUpAndIsToldOnce) {
  Elements wrong = right;
  wrong[7] ^= 1;
  for (int i = 0; i < 6; ++i) {
    receive(static_cast<std::size_t>(i % 2), i == 1 || i == 4 ? wrong : right);
    if (i > 0) two->look_beside(static_cast<std::size_t>((i - 1) % 2));
  }
  two->look_beside(1);
  EXPECT_EQ(two->found().count, 2u);
  EXPECT_EQ(two->found().count, 0u);
}

TEST_F(CollectiveDataInTwoBuffers, ACollectiveThatDoesNothingIsFoundBesideToo) {
  receive(0, right);
  two->look_beside(0);
  EXPECT_EQ(two->found().count, 0u);
  two->receive_into(0);
  two->received();
  two->look_beside(0);
  EXPECT_EQ(two->found().count, 1021u);
}

TEST_F(CollectiveDataInTwoBuffers, WhatIsChangedAroundEitherIsFound) {
  for (const std::size_t buffer : {0, 1}) {
    receive(buffer, right);
    upload_bytes(static_cast<unsigned char*>(two->receive()) - 16, std::vector<unsigned char>(16));
    two->look_beside(buffer);
    EXPECT_EQ(two->found().outside, 1u) << buffer;
  }
}

TEST_F(CollectiveDataDeviceHalf, ItsBuffersHoldWhatWasAskedFor) {
  EXPECT_GE(of_rank(0).bytes_there(), kBytes);
  bool called = false;
  of_rank(0).in_time_of(2.5, [&] { called = true; });
  EXPECT_TRUE(called);
}

}  // namespace
}  // namespace assay::collective
