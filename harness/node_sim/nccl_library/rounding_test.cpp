// In which order elements are reduced, and where they are rounded.
#include <gtest/gtest.h>

#include <bit>

#include "harness/node_sim/nccl_library/elements_fixture.h"

namespace assay::nccl {
namespace {

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

}  // namespace
}  // namespace assay::nccl
