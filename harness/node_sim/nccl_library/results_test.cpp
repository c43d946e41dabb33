// What the stand-in's collectives come to.
#include <gtest/gtest.h>

#include <tuple>

#include "harness/node_sim/nccl_library/arithmetic_fixture.h"
#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {
namespace {

namespace cuda = cuda_emulation;
using cuda::Arriving;
using cuda::CollectiveCall;

/// Elements of some type in a rank's memory.
struct Elements {
  Elements(DataType of, std::size_t elements)
      : type(of), count(elements), memory(allocate<char>(elements * 8)) {}
  std::uint64_t operator[](std::size_t index) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, at(index), bytes_of(type));
    return bits;
  }
  void set(std::size_t index, std::uint64_t bits) const { std::memcpy(at(index), &bits, bytes_of(type)); }
  char* at(std::size_t index) const { return memory + index * bytes_of(type); }
  /// Of no result.
  void spoil() const { std::memset(memory, 0x5a, count * 8); }
  bool is_spoilt(std::size_t index) const { return (*this)[index] == (0x5a5a5a5a5a5a5a5a & mask_of(type)); }

  DataType type;
  std::size_t count;
  char* memory;
};

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

/// device/all_reduce.h, reduce_scatter.h, reduce.h: what ends at rank r is added up from r + 1 on.
TEST_F(NcclLibrary, ARingAddsUpInItsOrder) {
  with_ranks(3, [](const RankAtWork& at) {
    auto *const from = allocate<float>(3), *const to = allocate<float>(3);
    const float values[] = {1e8f, 1, -1e8f};
    const float sums[] = {0, 1, 0};  // (1 - 1e8) + 1e8, (-1e8 + 1e8) + 1, (1e8 + 1) - 1e8
    std::fill(from, from + 3, values[at.rank]);
    at.sync(at.api.all_reduce(from, to, 3, DataType::f32, Op::sum, at.comm, nullptr));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(to[i], sums[i]) << i;
    at.sync(at.api.reduce_scatter(from, to, 1, DataType::f32, Op::sum, at.comm, nullptr));
    EXPECT_EQ(to[0], sums[at.rank]);
    for (int root = 0; root < 3; ++root) {
      at.sync(at.api.reduce(from, to, 1, DataType::f32, Op::sum, root, at.comm, nullptr));
      if (at.rank == root) {
        EXPECT_EQ(to[0], sums[root]);
      }
    }
  });
}

/// device/reduce_kernel.h: a ring rounds at each step, the switches once, from single precision.
TEST_F(NcclLibrary, SwitchesRoundHalvesOnce) {
  node_.multicast = true;
  constexpr std::uint16_t one = 0x3f80, n256 = 0x4380, n258 = 0x4381;
  for (const bool switched : {false, true}) {
    const Variable algorithm("NCCL_ALGO", switched ? "NVLS" : "Ring");
    with_ranks(3, [&](const RankAtWork& at) {
      auto *const from = allocate<std::uint16_t>(3), *const to = allocate<std::uint16_t>(1);
      std::fill(from, from + 3, at.rank == 1 ? n256 : one);
      at.sync(at.api.all_reduce(from, to, 1, DataType::bf16, Op::sum, at.comm, nullptr));
      EXPECT_EQ(*to, switched ? n258 : n256) << "(256 + 1) + 1";
      at.sync(at.api.reduce_scatter(from, to, 1, DataType::bf16, Op::sum, at.comm, nullptr));
      if (at.rank == 0) {
        EXPECT_EQ(*to, switched ? n258 : n256);
      }
    });
  }
}

/// Of two ranks' elements.
struct Sum {
  DataType type;
  Op op;
  std::uint64_t of_first, of_second, result;
};

/// device/reduce_kernel.h.
TEST_F(NcclLibrary, EdgesOfTheTypes) {
  constexpr std::uint32_t nan = 0x7fc00000, one = 0x3f800000;
  const auto bits = [](float value) -> std::uint64_t { return std::bit_cast<std::uint32_t>(value); };
  with_ranks(2, [&](const RankAtWork& at) {
    const Elements element(DataType::i8, 1);
    for (const Sum& sum : {
             Sum{DataType::i8, Op::sum, 100, 100, 200},
             {DataType::i8, Op::avg, 100, 100, 0xe4},  // -56 / 2: the sum has wrapped
             {DataType::u8, Op::avg, 200, 100, 22},    // 44 / 2
             {DataType::u8, Op::avg, 3, 4, 3},
             {DataType::i8, Op::avg, 0xf9, 0, 0xfd},  // -7 / 2 to zero
             {DataType::i32, Op::avg, 0xfffffff9, 0, 0xfffffffd},
             {DataType::i32, Op::prod, 0x10001, 0x10001, 0x20001},
             {DataType::u64, Op::sum, ~0ULL, 2, 1},
             {DataType::i64, Op::max, ~0ULL, 1, 1},
             {DataType::u64, Op::max, ~0ULL, 1, ~0ULL},
             {DataType::i8, Op::min, 0x80, 0x7f, 0x80},
             {DataType::u8, Op::min, 0x80, 0x7f, 0x7f},
             {DataType::f32, Op::min, nan, one, one},  // a NaN is left out
             {DataType::f32, Op::min, one, nan, one},
             {DataType::f32, Op::max, nan, one, one},
             {DataType::f32, Op::max, one, nan, one},
             {DataType::f32, Op::sum, bits(16777216.0f), bits(1.0f), bits(16777216.0f)},
             {DataType::f16, Op::sum, 0x7bff, 0x7bff, 0x7c00},    // 65504 twice: infinity
             {DataType::bf16, Op::prod, 0x4780, 0x4780, 0x4f80},  // 2^16 squared
             {DataType::e4m3, Op::sum, 0x7e, 0x7e, 0x7e},         // 448 saturates
             {DataType::e4m3, Op::sum, 0x7e, 0xfe, 0x00},
             {DataType::e4m3, Op::prod, 0xfe, 0x7e, 0xfe},  // beyond half precision, too
             {DataType::e5m2, Op::sum, 0x7b, 0x7b, 0x7b},   // 57344: infinity in half precision
             {DataType::e5m2, Op::sum, 0x3c, 0x30, 0x3c},   // 1 + 1/8: half a unit, to even
         }) {
      Elements here = element;
      here.type = sum.type;
      here.set(0, at.rank == 0 ? sum.of_first : sum.of_second);
      at.sync(at.api.all_reduce(here.memory, here.memory, 1, sum.type, sum.op, at.comm, nullptr));
      EXPECT_EQ(here[0], sum.result) << "type " << static_cast<int>(sum.type) << ", operator "
                                     << static_cast<int>(sum.op) << ", " << sum.of_first << ", "
                                     << sum.of_second;
    }
  });
}

/// enqueue.cc: ncclRedOpCreatePreMulSum.
TEST_F(NcclLibrary, AnOperatorOfItsOwnScalesFirst) {
  with_ranks(2, [](const RankAtWork& at) {
    auto *const memory = allocate<float>(2), *const scalar = allocate<float>(1);
    const auto reduced = [&](Op op) {
      memory[0] = static_cast<float>(at.rank + 1);
      at.sync(at.api.all_reduce(memory, memory + 1, 1, DataType::f32, op, at.comm, nullptr));
      return memory[1];
    };
    float factor = 2.5f;
    Op by_host{}, by_device{};
    EXPECT_EQ(at.api.create_op(&by_host, &factor, DataType::f32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    factor = 100;  // it was copied
    EXPECT_EQ(reduced(by_host), 7.5f);
    *scalar = 3;
    EXPECT_EQ(at.api.create_op(&by_device, scalar, DataType::f32, ScalarResidence::device, at.comm),
              Result::success);
    EXPECT_EQ(reduced(by_device), 9);
    *scalar = 4;  // it was not
    EXPECT_EQ(reduced(by_device), 12);

    memory[0] = 1;
    at.sync(in_a_group(at.api, [&] {
      EXPECT_EQ(at.api.all_reduce(memory, memory + 1, 1, DataType::f32, by_host, at.comm, nullptr),
                Result::success);
      EXPECT_EQ(at.api.destroy_op(by_host, at.comm),
                Result::success);  // enqueue.cc: taskAppend has copied it
    }));
    EXPECT_EQ(memory[1], 5);
    std::uint32_t five = 5;
    Op whole{};
    EXPECT_EQ(at.api.create_op(&whole, &five, DataType::u32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    auto* const integer = allocate<std::uint32_t>(1);
    *integer = 0x40000000;
    at.sync(at.api.all_reduce(integer, integer, 1, DataType::u32, whole, at.comm, nullptr));
    EXPECT_EQ(*integer, 0x80000000u);
  });
}

/// nccl.h: it scales "locally": each rank by the scalar that it was given.
TEST_F(NcclLibrary, EachRankScalesByItsOwn) {
  node_.multicast = true;
  with_ranks(3, [](const RankAtWork& at) {
    auto* const memory = allocate<float>(4);
    float factor = static_cast<float>(std::pow(10, at.rank));
    Op own{};
    EXPECT_EQ(at.api.create_op(&own, &factor, DataType::f32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    std::fill(memory, memory + 3, static_cast<float>(at.rank + 1));
    at.sync(at.api.all_reduce(memory, memory, 3, DataType::f32, own, at.comm, nullptr));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(memory[i], 321) << i;
    std::fill(memory, memory + 3, static_cast<float>(at.rank + 1));
    at.sync(at.api.reduce_scatter(memory, memory + 3, 1, DataType::f32, own, at.comm, nullptr));
    EXPECT_EQ(memory[3], 321);
    std::fill(memory, memory + 3, static_cast<float>(at.rank + 1));
    at.sync(at.api.reduce(memory, memory + 3, 1, DataType::f32, own, 1, at.comm, nullptr));
    if (at.rank == 1) {
      EXPECT_EQ(memory[3], 321);
    }
  });
}

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
