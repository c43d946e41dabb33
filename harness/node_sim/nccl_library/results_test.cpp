// Every collective of every type by every operator.
#include <gtest/gtest.h>

#include "harness/node_sim/nccl_library/elements_fixture.h"

namespace assay::nccl {
namespace {

constexpr std::size_t kFew = 1, kMany = 1021;  // a prime: no chunk is as long as another

class NcclCollectives : public NcclLibrary, public testing::WithParamInterface<int> {
 protected:
  struct Case {
    const RankAtWork& at;
    Op op;
    std::size_t count;
    bool in_place;
    const Elements &send, &receive;

    std::string text() const {
      return "type " + std::to_string(static_cast<int>(send.type)) + ", operator " +
             std::to_string(static_cast<int>(op)) + ", " + std::to_string(count) +
             (in_place ? " in place" : "");
    }
    std::size_t ranks() const { return static_cast<std::size_t>(at.ranks); }
    std::size_t rank() const { return static_cast<std::size_t>(at.rank); }

    /// Fills what is sent from element `first` of `into` on.
    void fill(const Elements& into, std::size_t first, std::size_t elements) const {
      for (std::size_t i = 0; i < elements; ++i)
        into.set(first + i, input(send.type, op, at.rank, at.ranks, i));
    }
    std::uint64_t given(int rank, std::size_t index) const {
      return input(send.type, op, rank, at.ranks, index);
    }
    std::uint64_t expected(std::size_t index) const {
      std::vector<std::uint64_t> inputs;
      for (int rank = 0; rank < at.ranks; ++rank) inputs.push_back(given(rank, index));
      return reduced(send.type, op, inputs);
    }
    template <typename Expected>
    void expect(const char* what, const Elements& in, std::size_t first, std::size_t elements,
                const Expected& of) const {
      for (std::size_t i = 0; i < elements; ++i) {
        const std::uint64_t there = in[first + i], right = of(i);
        if (there == right) continue;
        ADD_FAILURE() << what << " of rank " << at.rank << " of " << at.ranks << ", " << text()
                      << ": element " << i << " is 0x" << std::hex << there << ", not 0x" << right;
        return;
      }
    }
    template <typename Index>
    void expect_spoilt(const char* what, const Index& first, std::size_t elements) const {
      for (std::size_t i = 0; i < elements; ++i)
        EXPECT_TRUE(receive.is_spoilt(first + i)) << what << " of rank " << at.rank << ": " << i;
    }
  };

  static void all_reduce(const Case& c) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, 0, c.count);
    c.at.sync(
        c.at.api.all_reduce(from.memory, c.receive.memory, c.count, c.send.type, c.op, c.at.comm, nullptr));
    c.expect("AllReduce", c.receive, 0, c.count, [&](std::size_t i) { return c.expected(i); });
    c.expect_spoilt("AllReduce", c.count, 1);
  }
  static void reduce(const Case& c, int root) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, 0, c.count);
    const bool mine = c.at.rank == root;
    char* const to = mine || c.in_place ? c.receive.memory : nullptr;  // nobody reads it
    c.at.sync(c.at.api.reduce(from.memory, to, c.count, c.send.type, c.op, root, c.at.comm, nullptr));
    if (mine) c.expect("Reduce", c.receive, 0, c.count, [&](std::size_t i) { return c.expected(i); });
    if (!mine && !c.in_place) c.expect_spoilt("Reduce", std::size_t{0}, c.count);
  }
  static void reduce_scatter(const Case& c) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, 0, c.ranks() * c.count);
    const std::size_t first = c.in_place ? c.rank() * c.count : 0;
    c.at.sync(c.at.api.reduce_scatter(from.memory, c.receive.at(first), c.count, c.send.type, c.op, c.at.comm,
                                      nullptr));
    c.expect("ReduceScatter", c.receive, first, c.count,
             [&](std::size_t i) { return c.expected(c.rank() * c.count + i); });
  }
  static void all_gather(const Case& c) {
    c.receive.spoil();
    const std::size_t first = c.in_place ? c.rank() * c.count : 0;
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, first, c.count);
    c.at.sync(
        c.at.api.all_gather(from.at(first), c.receive.memory, c.count, c.send.type, c.at.comm, nullptr));
    for (int rank = 0; rank < c.at.ranks; ++rank)
      c.expect("AllGather", c.receive, static_cast<std::size_t>(rank) * c.count, c.count,
               [&](std::size_t i) { return c.given(rank, i); });
  }
  static void broadcast(const Case& c, int root) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    const bool mine = c.at.rank == root;
    if (mine) c.fill(from, 0, c.count);
    c.at.sync(c.at.api.broadcast(mine ? from.memory : nullptr, c.receive.memory, c.count, c.send.type, root,
                                 c.at.comm, nullptr));
    c.expect("Broadcast", c.receive, 0, c.count, [&](std::size_t i) { return c.given(root, i); });
    c.expect_spoilt("Broadcast", c.count, 1);
  }
  static void all_to_all(const Case& c) {
    c.receive.spoil();
    c.fill(c.send, 0, c.ranks() * c.count);
    c.at.sync(c.at.api.all_to_all(c.send.memory, c.receive.memory, c.count, c.send.type, c.at.comm, nullptr));
    for (int rank = 0; rank < c.at.ranks; ++rank)
      c.expect("AlltoAll", c.receive, static_cast<std::size_t>(rank) * c.count, c.count,
               [&](std::size_t i) { return c.given(rank, c.rank() * c.count + i); });
  }
  static void gather(const Case& c, int root) {
    c.receive.spoil();
    const bool mine = c.at.rank == root, in_place = c.in_place && mine;
    const Elements& from = in_place ? c.receive : c.send;
    const std::size_t first = in_place ? c.rank() * c.count : 0;
    c.fill(from, first, c.count);
    c.at.sync(c.at.api.gather(from.at(first), mine ? c.receive.memory : nullptr, c.count, c.send.type, root,
                              c.at.comm, nullptr));
    for (int rank = 0; mine && rank < c.at.ranks; ++rank)
      c.expect("Gather", c.receive, static_cast<std::size_t>(rank) * c.count, c.count,
               [&](std::size_t i) { return c.given(rank, i); });
    if (!mine) c.expect_spoilt("Gather", std::size_t{0}, c.count);
  }
  static void scatter(const Case& c, int root) {
    c.receive.spoil();
    const bool mine = c.at.rank == root;
    if (mine) c.fill(c.send, 0, c.ranks() * c.count);
    const Elements& to = c.in_place && mine ? c.send : c.receive;
    const std::size_t first = c.in_place && mine ? c.rank() * c.count : 0;
    c.at.sync(c.at.api.scatter(mine ? c.send.memory : nullptr, to.at(first), c.count, c.send.type, root,
                               c.at.comm, nullptr));
    c.expect("Scatter", to, first, c.count,
             [&](std::size_t i) { return c.given(root, c.rank() * c.count + i); });
  }
  static void ring(const Case& c) {
    c.receive.spoil();
    c.fill(c.send, 0, c.count);
    const int next = (c.at.rank + 1) % c.at.ranks, before = (c.at.rank + c.at.ranks - 1) % c.at.ranks;
    c.at.sync(in_a_group(c.at.api, [&] {
      EXPECT_EQ(c.at.api.send(c.send.memory, c.count, c.send.type, next, c.at.comm, nullptr),
                Result::success);
      EXPECT_EQ(c.at.api.receive(c.receive.memory, c.count, c.send.type, before, c.at.comm, nullptr),
                Result::success);
    }));
    c.expect("ring", c.receive, 0, c.count, [&](std::size_t i) { return c.given(before, i); });
    c.expect_spoilt("ring", c.count, 1);
  }
};

TEST_P(NcclCollectives, ReduceEveryTypeByEveryOperator) {
  with_ranks(GetParam(), [](const RankAtWork& at) {
    const std::size_t most = static_cast<std::size_t>(at.ranks) * kMany + 1;
    Elements send(DataType::i8, most), receive(DataType::i8, most);
    for (int type = 0; type < kDataTypes; ++type) {
      send.type = receive.type = static_cast<DataType>(type);
      for (int op = 0; op < kBuiltinOps; ++op) {
        for (const auto& [count, in_place] : {std::pair{kFew, false}, {kMany, true}}) {
          const Case one{at, static_cast<Op>(op), count, in_place, send, receive};
          all_reduce(one);
          reduce(one, in_place ? at.ranks - 1 : 0);
          reduce_scatter(one);
        }
      }
    }
    for (const auto& [count, in_place] : {std::pair{kFew, true}, {kMany, false}}) {
      send.type = receive.type = DataType::bf16;
      const Case one{at, Op::sum, count, in_place, send, receive};
      all_reduce(one);
      for (int root = 0; root < at.ranks; ++root) reduce(one, root);
      reduce_scatter(one);
    }
  });
}

TEST_P(NcclCollectives, CarryEveryElement) {
  with_ranks(GetParam(), [](const RankAtWork& at) {
    const std::size_t most = static_cast<std::size_t>(at.ranks) * kMany + 1;
    Elements send(DataType::i8, most), receive(DataType::i8, most);
    for (const DataType type : {DataType::i8, DataType::e5m2, DataType::bf16, DataType::i32, DataType::f64}) {
      send.type = receive.type = type;
      for (const std::size_t count : {kFew, kMany}) {
        for (const bool in_place : {false, true}) {
          const Case one{at, Op::sum, count, in_place, send, receive};
          all_gather(one);
          for (const int root : {0, at.ranks - 1}) {
            broadcast(one, root);
            gather(one, root);
            scatter(one, root);
          }
          if (in_place) continue;
          all_to_all(one);
          ring(one);
        }
      }
    }
  });
}

/// The switches, and a chain, come to the same where the order does not matter.
TEST_P(NcclCollectives, EveryAlgorithmGivesTheSame) {
  node_.multicast = true;
  for (const char* const named : {"Tree", "NVLS", "Ring"}) {
    const Variable algorithm("NCCL_ALGO", named);
    const bool chain = std::string(named) == "Tree";
    with_ranks(GetParam(), [chain](const RankAtWork& at) {
      const std::size_t most = static_cast<std::size_t>(at.ranks) * kMany + 1;
      Elements send(DataType::i8, most), receive(DataType::i8, most);
      for (const DataType type : {DataType::u32, DataType::i64, DataType::f16, DataType::bf16}) {
        send.type = receive.type = type;
        for (const Op op : {Op::sum, Op::min, Op::max}) {
          const Case one{at, op, kMany, op == Op::min, send, receive};
          all_reduce(one);
          if (!chain) reduce_scatter(one);
          if (!chain) all_gather(one);
        }
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks, NcclCollectives, testing::Values(2, 3, 8));

}  // namespace
}  // namespace assay::nccl
