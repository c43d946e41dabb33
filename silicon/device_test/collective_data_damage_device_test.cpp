// Data of collectives: whatever goes wrong with a result, or with what is carried, is found where it did.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "silicon/device_test/collective_data_fixture.h"

namespace assay::collective {
namespace {

/// One that is to go wrong, with all that is known of it.
struct Reduction {
  DataType type;
  Op op;
  std::vector<Elements> sent;
  Elements before, right;

  int ranks() const { return static_cast<int>(sent.size()); }
  /// Each element, made anew of its parts.
  template <typename Make>
  Elements of_parts(const Make& make) const {
    Elements all;
    for (std::size_t i = 0; i < sent[0].size(); ++i) all.push_back(make(parts_of(sent, i)));
    return all;
  }
  template <typename Make>
  Elements of_right(const Make& make) const {
    Elements all = right;
    for (std::uint64_t& element : all) element = make(element);
    return all;
  }
};

Elements one_lost(const Reduction& of) {
  Elements all = of.right;
  all[517] = of.before[517];
  return all;
}
Elements last_lost(const Reduction& of) {
  Elements all = of.right;
  all.back() = of.before.back();
  return all;
}
Elements two_exchanged(const Reduction& of) {
  Elements all = of.right;
  const auto pair = std::adjacent_find(all.begin() + 100, all.end(), std::not_equal_to<>());
  std::iter_swap(pair, pair + 1);
  return all;
}
Elements chunk_from_elsewhere(const Reduction& of) {
  Elements all = of.right;
  std::copy(of.right.begin() + 256, of.right.begin() + 384, all.begin() + 128);
  return all;
}
/// What has not been reduced yet, as it is in a rank's buffer.
Elements chunk_of_one_rank(const Reduction& of) {
  Elements all = of.right;
  std::copy(of.sent[1].begin() + 128, of.sent[1].begin() + 256, all.begin() + 128);
  return all;
}
Elements shifted(const Reduction& of) {
  Elements all = of.right;
  std::rotate(all.begin(), all.begin() + 1, all.end());
  return all;
}
Elements not_divided(const Reduction& of) {
  return of.of_parts([&](const Elements& parts) { return reduced(of.type, Op::sum, parts, of.ranks()); });
}
Elements divided_twice(const Reduction& of) {
  return of.of_right([&](std::uint64_t bits) { return over(of.type, bits, of.ranks()); });
}

/// Towards minus infinity, as a shift does it.
Elements divided_downwards(const Reduction& of) {
  return of.of_parts([&](const Elements& parts) {
    const std::uint64_t sum = reduced(of.type, Op::sum, parts, of.ranks());
    return with_integer(of.type, [&](auto of_type) {
      using T = decltype(of_type);
      const auto by = static_cast<T>(of.ranks());
      const auto whole = static_cast<T>(static_cast<T>(sum) / by),
                 rest = static_cast<T>(static_cast<T>(sum) % by);
      return bits_of(static_cast<T>(whole - (rest < 0 ? 1 : 0)));
    });
  });
}

Elements through_half(const Reduction& of) {
  return of.of_right([&](std::uint64_t bits) {
    return encoded_in(of.type, decoded(DataType::f16, encoded_in(DataType::f16, decoded(of.type, bits))));
  });
}

template <typename T>
T saturating(Op op, T a, T b) {
  T result{};
  if (op == Op::prod ? !__builtin_mul_overflow(a, b, &result) : !__builtin_add_overflow(a, b, &result))
    return result;
  const bool negative = op == Op::prod ? (a < 0) != (b < 0) : a < 0;
  return negative ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
}
Elements saturated(const Reduction& of) {
  return of.of_parts([&](const Elements& parts) {
    const std::uint64_t all = with_integer(of.type, [&](auto of_type) {
      using T = decltype(of_type);
      auto sum = static_cast<T>(parts[0]);
      for (std::size_t i = 1; i < parts.size(); ++i) sum = saturating(of.op, sum, static_cast<T>(parts[i]));
      return bits_of(sum);
    });
    return of.op == Op::avg ? over(of.type, all, of.ranks()) : all;
  });
}

bool always(DataType, Op) {
  return true;
}
bool of_averages(DataType, Op op) {
  return op == Op::avg;
}
bool picks(Op op) {
  return op == Op::min || op == Op::max;
}

struct Mutation {
  const char* what;
  Elements (*of)(const Reduction&);
  /// Whether it leaves something else: where it does not, it is no mistake.
  bool (*changes)(DataType, Op);
};

const Mutation kMutations[] = {
    {"one element as it was before", one_lost, always},
    {"the last element as it was before", last_lost, always},
    {"two neighbours exchanged", two_exchanged, always},
    {"a chunk from elsewhere", chunk_from_elsewhere, always},
    {"a chunk of one rank's", chunk_of_one_rank, always},
    {"shifted by one", shifted, always},
    {"not divided", not_divided, of_averages},
    {"divided twice", divided_twice, of_averages},
    {"divided downwards", divided_downwards,
     [](DataType type, Op op) { return has_sign(type) && op == Op::avg; }},
    {"as f16 on the way", through_half,
     [](DataType type, Op op) {
       // Products of bf16 stay within f16's range, and it has the longer mantissa.
       return type == DataType::f32 || type == DataType::f64 || (type == DataType::bf16 && op != Op::prod);
     }},
    {"saturated", saturated, [](DataType type, Op op) { return !is_real(type) && !picks(op); }},
};

/// Whether what the mutation does is defined for it.
bool applies(const Mutation& mutation, DataType type, Op op) {
  if (mutation.of == not_divided || mutation.of == divided_twice) return op == Op::avg;
  if (mutation.of == divided_downwards) return !is_real(type) && op == Op::avg;
  if (mutation.of == through_half) return is_real(type);
  if (mutation.of == saturated) return !is_real(type) && !picks(op);
  return true;
}

/// What is looked at is this rank's.
constexpr int kLooks = 1;

Reduction reduction(CollectiveDataDeviceHalf& test, DataType type, Op op, int ranks) {
  const Request request{Collective::all_reduce, type, op, kCounts[2], 0};
  Reduction of{type, op, test.prepared(request, ranks, false), {}, {}};
  of.before = download(test.of_rank(kLooks).receive(), type, request.count);
  of.right = of.of_parts([&](const Elements& parts) { return reduced(type, op, parts, ranks); });
  return of;
}

void expect_exactly_found(CollectiveDataDeviceHalf& test, const Reduction& of, const Elements& is,
                          const std::string& what, bool changes = true) {
  SCOPED_TRACE(std::string(nccl::name_of(of.type)) + " " + std::string(nccl::name_of(of.op)) + ", " +
               std::to_string(of.ranks()) + " ranks: " + what);
  EXPECT_EQ(is != of.right, changes) << "the mathematics";
  expect_found(test.looked_through(kLooks, of.type, is), of.right, is);
}

template <typename Visit>
void for_each_reduction(CollectiveDataDeviceHalf& test, const Visit& visit) {
  for_each_type_and_op([&](DataType type, Op op) {
    for (const int ranks : {2, 8}) visit(reduction(test, type, op, ranks));
  });
}

TEST_F(CollectiveDataDeviceHalf, WhatWentWrongIsFoundWhereItDid) {
  for_each_reduction(*this, [&](const Reduction& of) {
    for (const Mutation& mutation : kMutations) {
      if (applies(mutation, of.type, of.op))
        expect_exactly_found(*this, of, mutation.of(of), mutation.what, mutation.changes(of.type, of.op));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, ARankThatIsLeftOutIsFound) {
  for_each_reduction(*this, [&](const Reduction& of) {
    for (int out = 0; out < of.ranks(); ++out) {
      const Elements is = of.of_parts([&](Elements parts) {
        parts.erase(parts.begin() + out);
        return reduced(of.type, of.op, parts, of.ranks());
      });
      expect_exactly_found(*this, of, is, "without rank " + std::to_string(out));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, ARankThatCountsTwiceIsFound) {
  for_each_reduction(*this, [&](const Reduction& of) {
    for (std::size_t twice = 0; twice < of.sent.size(); ++twice) {
      const Elements is = of.of_parts([&](Elements parts) {
        parts.push_back(parts[twice]);
        return reduced(of.type, of.op, parts, of.ranks());
      });
      // The least of numbers is the least of them however often one is there.
      expect_exactly_found(*this, of, is, "twice rank " + std::to_string(twice), !picks(of.op));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, EveryFlippedBitIsFound) {
  for_each_reduction(*this, [&](const Reduction& of) {
    const unsigned bits = 8 * nccl::bytes_of(of.type);
    for (unsigned bit = 0; bit < bits; ++bit) {
      Elements is = of.right;
      is[(37 * bit + 5) % is.size()] ^= std::uint64_t{1} << bit;
      expect_exactly_found(*this, of, is, "bit " + std::to_string(bit));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, AResultThatIsTheSameEverywhereIsFoundInNearlyEveryElement) {
  for_each_reduction(*this, [&](const Reduction& of) {
    const Elements is(of.right.size(), of.right[3]);
    expect_exactly_found(*this, of, is, "one value in all elements");
    EXPECT_GT(differences(of.right, is).size(), of.right.size() / 2) << nccl::name_of(of.type);
  });
}

/// Each rank's part of what is carried, exchanged with another's.
TEST_F(CollectiveDataDeviceHalf, PartsOfAnotherRankAreFound) {
  constexpr int kRanks = 3;
  for_each_type([&](DataType type) {
    for (const Collective collective : {Collective::all_gather, Collective::all_to_all, Collective::gather}) {
      const Request request{collective, type, Op::sum, 127, 1};
      SCOPED_TRACE(text_of(request, kRanks));
      const Elements right = played(request, prepared(request, kRanks, false))[1];
      Elements is = part(right, 1, 127);
      append(is, part(right, 0, 127));
      append(is, part(right, 2, 127));
      EXPECT_GT(differences(right, is).size(), 240u);
      expect_found(looked_through(1, type, is), right, is);
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, WhatAnotherRankWasToReceiveIsFound) {
  constexpr int kRanks = 3;
  for_each_type([&](DataType type) {
    for (const Collective collective : {Collective::reduce_scatter, Collective::all_to_all,
                                        Collective::scatter, Collective::send_receive}) {
      const Request request{collective, type, Op::max, 127, 1};
      SCOPED_TRACE(text_of(request, kRanks));
      const std::vector<Elements> received = played(request, prepared(request, kRanks, false));
      EXPECT_GT(differences(received[1], received[2]).size(), received[1].size() * 7 / 8);
      expect_found(looked_through(1, type, received[2]), received[1], received[2]);
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, WhatAnotherRootSentIsFound) {
  for_each_type([&](DataType type) {
    const Request from_2{Collective::broadcast, type, Op::sum, 127, 2},
        from_0{Collective::broadcast, type, Op::sum, 127, 0};
    const Elements others = played(from_2, prepared(from_2, 3, false))[1];
    const Elements right = played(from_0, prepared(from_0, 3, false))[1];
    EXPECT_GT(differences(right, others).size(), 110u);
    expect_found(looked_through(1, type, others), right, others);
  });
}

}  // namespace
}  // namespace assay::collective
