// Which collectives are run, of what, how large, how.
#include "suites/collective/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace assay::collective {
namespace {

using nccl::Collective;
using nccl::DataType;
using nccl::Op;

constexpr int kRanks[] = {2, 3, 8};

// What NCCL 2.28.9 can do on one node of eight Hopper GPUs, written down anew: its user guide and
// src/graph/tuning.cc for algorithms, src/include/device.h for what NVSwitches add up.

constexpr Collective kAllCollectives[] = {
    Collective::all_reduce, Collective::reduce,    Collective::reduce_scatter,
    Collective::all_gather, Collective::broadcast, Collective::all_to_all,
    Collective::gather,     Collective::scatter,   Collective::send_receive};
constexpr DataType kAllTypes[] = {DataType::i8,  DataType::u8,   DataType::i32,  DataType::u32,
                                  DataType::i64, DataType::u64,  DataType::f16,  DataType::f32,
                                  DataType::f64, DataType::bf16, DataType::e4m3, DataType::e5m2};
constexpr Op kAllOps[] = {Op::sum, Op::prod, Op::max, Op::min, Op::avg};

const std::set<Collective> kReducing{Collective::all_reduce, Collective::reduce, Collective::reduce_scatter};
const std::set<Collective> kWithRoot{Collective::reduce, Collective::broadcast, Collective::gather,
                                     Collective::scatter};
const std::set<Collective> kNeverInPlace{Collective::all_to_all, Collective::send_receive};

const std::set<Collective> kOfRing{Collective::all_reduce, Collective::reduce, Collective::reduce_scatter,
                                   Collective::all_gather, Collective::broadcast};
const std::set<Collective> kOfTree{Collective::all_reduce};
const std::set<Collective> kOfSwitches{Collective::all_reduce, Collective::reduce_scatter,
                                       Collective::all_gather};

const std::map<DataType, std::set<Op>> kAddedUpBySwitches{
    {DataType::i32, {Op::sum, Op::min, Op::max}},
    {DataType::u32, {Op::sum, Op::min, Op::max}},
    {DataType::i64, {Op::sum, Op::min, Op::max}},
    {DataType::u64, {Op::sum, Op::min, Op::max}},
    {DataType::f16, {Op::sum, Op::min, Op::max}},
    {DataType::bf16, {Op::sum, Op::min, Op::max}},
    {DataType::f32, {Op::sum}},
    {DataType::f64, {Op::sum}},
};

const std::map<Way, std::pair<std::string, std::string>> kAlgorithmAndProtocol{
    {Way::by_itself, {"", ""}},
    {Way::ring_ll, {"RING", "LL"}},
    {Way::ring_ll128, {"RING", "LL128"}},
    {Way::ring_simple, {"RING", "SIMPLE"}},
    {Way::tree_ll, {"TREE", "LL"}},
    {Way::tree_ll128, {"TREE", "LL128"}},
    {Way::tree_simple, {"TREE", "SIMPLE"}},
    {Way::nvls, {"NVLS", "SIMPLE"}},
};

bool does(Way way, Collective collective) {
  const std::string algorithm = kAlgorithmAndProtocol.at(way).first;
  if (algorithm == "RING") return kOfRing.count(collective) > 0;
  if (algorithm == "TREE") return kOfTree.count(collective) > 0;
  if (algorithm == "NVLS") return kOfSwitches.count(collective) > 0;
  return true;
}

bool can(Way way, Collective collective, DataType type, Op op, int ranks) {
  if (!does(way, collective)) return false;
  if (kReducing.count(collective) == 0) return op == Op::sum;
  if (op == Op::avg && ranks != 1 && ranks != 2 && ranks != 4 && ranks != 8) return false;
  if (way != Way::nvls) return true;
  const auto found = kAddedUpBySwitches.find(type);
  return found != kAddedUpBySwitches.end() && found->second.count(op) > 0;
}

std::string name(Way way, int ranks) {
  return std::string(name_of(way)) + " on " + std::to_string(ranks) + " ranks";
}

/// Factors by name, what does not count left out.
using Levels = std::map<std::string, int>;
using Pair = std::tuple<std::string, int, std::string, int>;

Levels levels_of(const Case& one) {
  Levels levels{{"collective", static_cast<int>(one.collective)},
                {"datatype", static_cast<int>(one.type)},
                {"size", static_cast<int>(one.size)},
                {"graph", one.as_graph ? 1 : 0}};
  if (kReducing.count(one.collective) > 0) levels["operator"] = static_cast<int>(one.op);
  if (kNeverInPlace.count(one.collective) == 0) levels["in place"] = one.in_place ? 1 : 0;
  if (kWithRoot.count(one.collective) > 0) levels["root"] = one.root;
  return levels;
}

void add_pairs(const Levels& levels, std::set<Pair>& all) {
  for (auto a = levels.begin(); a != levels.end(); ++a) {
    for (auto b = std::next(a); b != levels.end(); ++b)
      all.insert({a->first, a->second, b->first, b->second});
  }
}

template <typename Visit>
void for_each_possible(Way way, int ranks, const Visit& visit) {
  for (const Collective collective : kAllCollectives) {
    for (const DataType type : kAllTypes) {
      for (const Op op : kAllOps) {
        if (can(way, collective, type, op, ranks)) visit(collective, type, op);
      }
    }
  }
}

/// What there is to combine. Roots: the first, the last and one in the middle.
std::set<Pair> possible_pairs(Way way, int ranks) {
  std::set<Pair> all;
  for_each_possible(way, ranks, [&](Collective collective, DataType type, Op op) {
    for (std::size_t size = 0; size < sizes().size(); ++size) {
      for (const int root : std::set<int>{0, ranks / 2, ranks - 1}) {
        for (const bool in_place : {false, true}) {
          for (const bool as_graph : {false, true})
            add_pairs(levels_of({collective, type, op, size, in_place, as_graph, root}), all);
        }
      }
    }
  });
  return all;
}

template <typename Visit>
void for_each_way_and_ranks(const Visit& visit) {
  for (const Way way : kAllWays) {
    for (const int ranks : kRanks) visit(way, ranks);
  }
}

bool same(const Case& a, const Case& b) {
  return std::tie(a.collective, a.type, a.op, a.size, a.in_place, a.as_graph, a.root) ==
         std::tie(b.collective, b.type, b.op, b.size, b.in_place, b.as_graph, b.root);
}

TEST(CollectiveCases, NothingIsDoneThatNcclCannot) {
  for_each_way_and_ranks([](Way way, int ranks) {
    for (const Case& one : make_cases(way, ranks)) {
      const std::string what = name(way, ranks) + ": " + text_of(one, ranks);
      EXPECT_TRUE(can(way, one.collective, one.type, one.op, ranks)) << what;
      EXPECT_TRUE(!one.in_place || kNeverInPlace.count(one.collective) == 0) << what;
      EXPECT_GE(one.root, 0) << what;
      EXPECT_LT(one.root, ranks) << what;
      EXPECT_LT(one.size, sizes().size()) << what;
    }
  });
}

TEST(CollectiveCases, WhatIsLegalIsWhatNcclCanDo) {
  for_each_way_and_ranks([](Way way, int ranks) {
    for (const Collective collective : kAllCollectives) {
      for (const DataType type : kAllTypes) {
        for (const Op op : kAllOps) {
          EXPECT_EQ(is_legal(way, collective, type, op, ranks), can(way, collective, type, op, ranks))
              << name(way, ranks) << " " << nccl::name_of(collective) << " " << nccl::name_of(type) << " "
              << nccl::name_of(op);
        }
      }
    }
  });
}

TEST(CollectiveCases, EveryDatatypeMeetsEveryOperatorInEveryCollective) {
  for_each_way_and_ranks([](Way way, int ranks) {
    std::set<std::tuple<Collective, DataType, Op>> done;
    for (const Case& one : make_cases(way, ranks)) done.insert({one.collective, one.type, one.op});
    for_each_possible(way, ranks, [&](Collective collective, DataType type, Op op) {
      EXPECT_EQ(done.count({collective, type, op}), 1u)
          << name(way, ranks) << " " << nccl::name_of(collective) << " " << nccl::name_of(type) << " "
          << nccl::name_of(op);
    });
  });
}

TEST(CollectiveCases, EveryPairOfWhatCanBeCombinedIsCombined) {
  for_each_way_and_ranks([](Way way, int ranks) {
    std::set<Pair> covered;
    for (const Case& one : make_cases(way, ranks)) add_pairs(levels_of(one), covered);
    const std::set<Pair> possible = possible_pairs(way, ranks);
    EXPECT_GT(possible.size(), 100u);
    EXPECT_EQ(covered, possible) << name(way, ranks);
  });
}

/// By the names of the two factors, in alphabetical order.
std::map<std::pair<std::string, std::string>, int> counted(const std::set<Pair>& pairs) {
  std::map<std::pair<std::string, std::string>, int> all;
  for (const auto& [first, level, second, other] : pairs) ++all[std::minmax(first, second)];
  return all;
}

TEST(CollectiveCases, TheirCoverageIsWhatIsReported) {
  for_each_way_and_ranks([](Way way, int ranks) {
    std::map<std::pair<std::string, std::string>, int> reported;
    for (const PairsCovered& pairs : coverage_of(way, ranks, make_cases(way, ranks))) {
      EXPECT_EQ(pairs.covered, pairs.legal)
          << name(way, ranks) << " " << pairs.first << " and " << pairs.second;
      EXPECT_TRUE(reported.emplace(std::minmax(pairs.first, pairs.second), pairs.legal).second);
    }
    EXPECT_EQ(reported, counted(possible_pairs(way, ranks))) << name(way, ranks);
  });
}

TEST(CollectiveCases, WhatIsLeftOutIsReportedAsMissing) {
  std::vector<Case> cases = make_cases(Way::ring_ll, 8);
  cases.erase(std::remove_if(cases.begin(), cases.end(),
                             [](const Case& one) {
                               return one.collective == Collective::broadcast && one.type == DataType::bf16;
                             }),
              cases.end());
  for (const PairsCovered& pairs : coverage_of(Way::ring_ll, 8, cases)) {
    if (pairs.first == "collective" && pairs.second == "datatype") {
      EXPECT_EQ(pairs.legal, 5 * 12);
      EXPECT_EQ(pairs.covered, 5 * 12 - 1);
      return;
    }
  }
  FAIL() << "no pairs of collective and datatype";
}

TEST(CollectiveCases, AreFew) {
  for (const Way way : kAllWays) {
    const std::vector<Case> cases = make_cases(way, 8);
    EXPECT_LT(cases.size(), 300u) << name_of(way);
    const auto large = std::count_if(cases.begin(), cases.end(),
                                     [](const Case& one) { return sizes()[one.size].bytes >= 1 << 30; });
    EXPECT_GE(large, 1) << name_of(way);
    EXPECT_LT(large, 40) << name_of(way) << ": a gigabyte takes long";
  }
}

/// Ranks that made others would wait for one another for good.
TEST(CollectiveCases, AreTheSameForAllRanks) {
  for_each_way_and_ranks([](Way way, int ranks) {
    const std::vector<Case> one = make_cases(way, ranks), other = make_cases(way, ranks);
    ASSERT_EQ(one.size(), other.size()) << name(way, ranks);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), other.begin(), same)) << name(way, ranks);
  });
}

TEST(CollectiveCases, OneRankAloneIsLeftToNcclAndScalesNothing) {
  for (const Way way : kAllWays) {
    const std::vector<Case> cases = make_cases(way, 1);
    EXPECT_EQ(cases.empty(), way != Way::by_itself) << name_of(way);
    for (const Case& one : cases) {
      EXPECT_EQ(one.root, 0);
    }
  }
  std::set<Collective> done;
  std::set<DataType> averaged;
  for (const Case& one : make_cases(Way::by_itself, 1)) {
    done.insert(one.collective);
    if (one.op == Op::avg) averaged.insert(one.type);
  }
  EXPECT_EQ(done.size(), std::size(kAllCollectives));
  EXPECT_EQ(averaged, (std::set<DataType>{DataType::i8, DataType::u8, DataType::i32, DataType::u32,
                                          DataType::i64, DataType::u64}));
}

TEST(CollectiveCases, BuffersAreAsLargeAsTheSizeSays) {
  for_each_way_and_ranks([](Way way, int ranks) {
    for (const Case& one : make_cases(way, ranks)) {
      const nccl::Request request = one.request(ranks);
      const Size& size = sizes()[one.size];
      EXPECT_EQ(request.collective, one.collective);
      EXPECT_EQ(request.type, one.type);
      EXPECT_EQ(request.op, one.op);
      EXPECT_EQ(request.root, one.root);
      ASSERT_GT(request.count, 0u) << text_of(one, ranks);
      if (size.elements > 0) {
        EXPECT_EQ(request.count, size.elements);
        continue;
      }
      std::uint64_t larger = 0;
      for (int rank = 0; rank < ranks; ++rank)
        larger =
            std::max({larger, nccl::sent_by(request, rank, ranks), nccl::received_by(request, rank, ranks)});
      const std::uint64_t bytes = larger * nccl::bytes_of(one.type);
      // What is on top, and what the division by ranks leaves over, is less than two elements of each rank.
      const std::uint64_t tolerance = 2ull * nccl::bytes_of(one.type) * static_cast<unsigned>(ranks);
      EXPECT_LE(bytes, size.bytes + tolerance) << text_of(one, ranks);
      EXPECT_GE(bytes + tolerance, size.bytes) << text_of(one, ranks);
    }
  });
}

TEST(CollectiveCases, SomeOfEachSizeAreNoMultipleOfWhatNcclTakesAtATime) {
  const std::vector<Case> cases = make_cases(Way::by_itself, 8);
  for (std::size_t size = 0; size < sizes().size(); ++size) {
    if (sizes()[size].elements == 4096) continue;
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [&](const Case& one) {
      return one.size == size && one.request(8).count * nccl::bytes_of(one.type) % 16 != 0;
    })) << sizes()[size].name;
  }
}

TEST(CollectiveCases, HaveATextForPeople) {
  const Case reduction{Collective::reduce, DataType::bf16, Op::avg, 7, true, true, 3};
  EXPECT_EQ(text_of(reduction, 8), "reduce of 4099 bf16, avg, root 3, in place, as a graph");
  const Case copy{Collective::all_to_all, DataType::e4m3, Op::sum, 0, false, false, 0};
  EXPECT_EQ(text_of(copy, 8), "all_to_all of 1 e4m3");
}

/// All that the stand-in holds of a gigabyte is its beginning; an odd count stays odd, so that the edges of
/// what NCCL takes at a time are met there too.
TEST(CollectiveCases, FitIntoWhatIsThere) {
  constexpr std::uint64_t there = 1 << 20;
  int smaller = 0;
  for (const int ranks : kRanks) {
    for (const Case& one : make_cases(Way::by_itself, ranks)) {
      const nccl::Request wanted = one.request(ranks);
      const Fitted fit = fitted(one, ranks, there);
      const auto larger = std::max(nccl::sent_by(fit.request, one.root, ranks),
                                   nccl::received_by(fit.request, one.root, ranks));
      EXPECT_LE(larger * nccl::bytes_of(one.type), there) << text_of(one, ranks);
      EXPECT_GT(fit.request.count, 0u) << text_of(one, ranks);
      EXPECT_EQ(fit.request.count % 2, wanted.count % 2) << text_of(one, ranks);
      EXPECT_DOUBLE_EQ(static_cast<double>(fit.request.count) * fit.times, static_cast<double>(wanted.count));
      smaller += fit.times > 1 ? 1 : 0;
      const Fitted whole = fitted(one, ranks, std::uint64_t{1} << 40);
      EXPECT_EQ(whole.request.count, wanted.count);
      EXPECT_EQ(whole.times, 1);
    }
  }
  EXPECT_GT(smaller, 0);
}

TEST(CollectiveCases, OfRanksThatShareAGpuAreSmallAndMissNothingElse) {
  for (const Way way : {Way::by_itself, Way::ring_ll, Way::ring_simple, Way::tree_ll, Way::tree_simple}) {
    const Arrangement apart(4, true);
    const std::vector<Case> cases = make_cases(way, apart);
    std::set<std::string> of_apart, of_one;
    double bytes = 0;
    for (const Case& one : cases) {
      of_apart.insert(sizes()[one.size].name);
      const nccl::Request request = one.request(4);
      bytes +=
          static_cast<double>(nccl::received_by(request, request.root, 4) * nccl::bytes_of(request.type));
    }
    for (const Case& one : make_cases(way, 4)) of_one.insert(sizes()[one.size].name);
    of_one.erase("1 GiB and 1");
    EXPECT_EQ(of_apart, of_one) << name_of(way);
    EXPECT_LT(bytes, 1 << 30) << "through sockets, in seconds";
    for (const PairsCovered& pairs : coverage_of(way, apart, cases)) EXPECT_EQ(pairs.covered, pairs.legal);
  }
  EXPECT_EQ(sizes_left_out({4, true}), std::vector<std::string>{"1 GiB and 1"});
  EXPECT_TRUE(sizes_left_out(8).empty());
}

}  // namespace
}  // namespace assay::collective
