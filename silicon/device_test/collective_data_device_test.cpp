// Data of collectives: what an independent host computes of what was sent is found right to the last bit, in
// any order of addition, wherever the buffers lie. No NCCL has part in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "silicon/device_test/collective_data_fixture.h"

namespace assay::collective {
namespace {

constexpr Collective kReducing[] = {Collective::all_reduce, Collective::reduce, Collective::reduce_scatter};
constexpr Collective kCarrying[] = {Collective::all_gather, Collective::broadcast, Collective::all_to_all,
                                    Collective::gather,     Collective::scatter,   Collective::send_receive};

TEST_F(CollectiveDataDeviceHalf, ReductionsThatAreDoneRightAreFoundRight) {
  for_each_type_and_op([&](DataType type, Op op) {
    for (const Collective collective : kReducing) expect_right_in_all_shapes(collective, type, op);
  });
}

TEST_F(CollectiveDataDeviceHalf, WhatIsCarriedRightIsFoundRight) {
  for_each_type([&](DataType type) {
    for (const Collective collective : kCarrying) expect_right_in_all_shapes(collective, type, Op::sum);
  });
}

TEST_F(CollectiveDataDeviceHalf, EveryRankCanBeTheRoot) {
  for (const Collective collective :
       {Collective::reduce, Collective::broadcast, Collective::gather, Collective::scatter}) {
    for (int root = 0; root < kMostRanks; ++root) {
      expect_right({collective, DataType::bf16, Op::sum, 1021, root}, kMostRanks, false);
      expect_right({collective, DataType::e4m3, Op::max, 13, root}, kMostRanks, true);
    }
  }
}

/// From where what is sent begins, in elements of what is received, or the other way about (NCCL user guide,
/// "In-place operations").
std::ptrdiff_t expected_offset(const Request& request, int rank) {
  const auto count = static_cast<std::ptrdiff_t>(request.count);
  switch (request.collective) {
    case Collective::all_gather:
    case Collective::gather:
      return rank * count;
    case Collective::reduce_scatter:
    case Collective::scatter:
      return -rank * count;
    default:
      return 0;
  }
}

TEST_F(CollectiveDataDeviceHalf, InPlaceTheyLieAsNcclWantsThem) {
  constexpr int kRanks = 3;
  for (int number = 0; number < nccl::kCollectives; ++number) {
    const auto collective = static_cast<Collective>(number);
    if (!nccl::can_be_in_place(collective)) continue;
    for_each_type([&](DataType type) {
      const Request request{collective, type, Op::sum, 13, nccl::has_root(collective) ? 2 : 0};
      prepared(request, kRanks, true);
      for (int rank = 0; rank < kRanks; ++rank) {
        if (nccl::sent_by(request, rank, kRanks) == 0 || nccl::received_by(request, rank, kRanks) == 0)
          continue;
        EXPECT_EQ(static_cast<const char*>(of_rank(rank).send()) -
                      static_cast<const char*>(of_rank(rank).receive()),
                  expected_offset(request, rank) * static_cast<std::ptrdiff_t>(nccl::bytes_of(type)))
            << text_of(request, kRanks);
      }
    });
  }
}

/// Where it is not asked for, and where the collective cannot.
TEST_F(CollectiveDataDeviceHalf, OtherwiseTheyLieApart) {
  constexpr int kRanks = 3;
  for (int number = 0; number < nccl::kCollectives; ++number) {
    const auto collective = static_cast<Collective>(number);
    const Request request{collective, DataType::f64, Op::sum, 13, 0};
    for (const bool in_place : {false, true}) {
      if (in_place && nccl::can_be_in_place(collective)) continue;
      prepared(request, kRanks, in_place);
      for (int rank = 0; rank < kRanks; ++rank) {
        EXPECT_GE(std::abs(static_cast<const char*>(of_rank(rank).send()) -
                           static_cast<const char*>(of_rank(rank).receive())),
                  static_cast<std::ptrdiff_t>(kBytes))
            << text_of(request, kRanks) << (in_place ? ", asked to be in place" : "");
      }
    }
  }
}

TEST_F(CollectiveDataDeviceHalf, WhatWasLeftAsItWasIsWrongInEveryElement) {
  const auto expect_all_wrong = [&](const Request& request, int ranks) {
    prepared(request, ranks, false);
    for (int rank = 0; rank < ranks; ++rank) {
      const std::uint64_t elements = nccl::received_by(request, rank, ranks);
      const Mismatches found = of_rank(rank).look_through();
      EXPECT_EQ(found.count, elements) << text_of(request, ranks) << " rank " << rank;
      EXPECT_EQ(found.first.size(), std::min<std::uint64_t>(elements, Mismatches::kMost));
      EXPECT_EQ(found.outside, 0u);
    }
  };
  for_each_type_and_op([&](DataType type, Op op) {
    for (const int ranks : {1, 8}) {
      if (!can(type, op, ranks)) continue;
      for (const Collective collective : kReducing) expect_all_wrong({collective, type, op, 1021, 0}, ranks);
    }
  });
  for_each_type([&](DataType type) {
    for (const Collective collective : kCarrying) expect_all_wrong({collective, type, Op::sum, 1021, 0}, 8);
  });
}

TEST_F(CollectiveDataDeviceHalf, AnotherSeedHasOtherData) {
  for_each_type_and_op([&](DataType type, Op op) {
    const Request request{Collective::all_reduce, type, op, 1021, 0};
    const std::vector<Elements> one = prepared(request, 2, false, 100),
                                next = prepared(request, 2, false, 101);
    const std::size_t differ = differences(one[0], next[0]).size();
    EXPECT_GT(differ, 1021u / 2) << text_of(request, 2);
  });
  for_each_type([&](DataType type) {
    const Request request{Collective::all_gather, type, Op::sum, 1021, 0};
    const std::vector<Elements> one = prepared(request, 2, false, 100),
                                next = prepared(request, 2, false, 101);
    EXPECT_GT(differences(one[0], next[0]).size(), 980u) << text_of(request, 2);
    EXPECT_GT(differences(one[0], one[1]).size(), 980u) << text_of(request, 2);
  });
}

}  // namespace
}  // namespace assay::collective
