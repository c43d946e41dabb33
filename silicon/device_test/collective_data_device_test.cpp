// Data of collectives: what an independent host computes of what was sent is found right to the last bit, in
// any order of addition, and whatever is changed of it is found, where it is. No NCCL has part in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/collective_data/collective_data.h"
#include "silicon/device_test/device_memory.h"

namespace assay::collective {
namespace {

using nccl::Request;

constexpr int kMostRanks = 8;
constexpr std::uint64_t kBytes = 1 << 16;
constexpr std::uint64_t kCounts[] = {1, 13,
                                     1021};  // the last is the largest prime whose eight parts of f64 fit
static_assert(kCounts[2] * kMostRanks * sizeof(double) <= kBytes);
constexpr Op kOps[] = {Op::sum, Op::prod, Op::max, Op::min, Op::avg};
constexpr Collective kReducing[] = {Collective::all_reduce, Collective::reduce, Collective::reduce_scatter};
constexpr Collective kCarrying[] = {Collective::all_gather, Collective::broadcast, Collective::all_to_all,
                                    Collective::gather,     Collective::scatter,   Collective::send_receive};

/// The bits of each.
using Elements = std::vector<std::uint64_t>;

bool is_fp8(DataType type) {
  return type == DataType::e4m3 || type == DataType::e5m2;
}
bool is_real(DataType type) {
  return type == DataType::f16 || type == DataType::bf16 || type == DataType::f32 || type == DataType::f64 ||
         is_fp8(type);
}
bool has_sign(DataType type) {
  return type == DataType::i8 || type == DataType::i32 || type == DataType::i64;
}
bool is_power_of_two(int ranks) {
  return (ranks & (ranks - 1)) == 0;
}
/// Alone, a rank does not scale fp8 (NCCL 2.28.9, src/device/onerank.cu).
bool can(DataType type, Op op, int ranks) {
  return op != Op::avg || (is_power_of_two(ranks) && !(ranks == 1 && is_fp8(type)));
}

// Arithmetic of each type, step by step.

/// IEEE 754-2019, table 3.5; bf16: PTX ISA 9.0, 5.2.3; fp8: "FP8 formats for deep learning" (arXiv
/// 2209.05433), table 1.
struct Shape {
  int bits, mantissa, bias;
  double greatest;
};
Shape shape_of(DataType type) {
  switch (type) {
    case DataType::f64:
      return {64, 52, 1023, std::numeric_limits<double>::max()};
    case DataType::f32:
      return {32, 23, 127, std::numeric_limits<float>::max()};
    case DataType::bf16:
      return {16, 7, 127, std::ldexp(255, 120)};
    case DataType::f16:
      return {16, 10, 15, 65504};
    case DataType::e4m3:
      return {8, 3, 7, 448};
    default:
      return {8, 2, 15, 57344};
  }
}

double decoded(DataType type, std::uint64_t bits) {
  const Shape shape = shape_of(type);
  const auto field =
      static_cast<int>(bits >> shape.mantissa & ((1u << (shape.bits - 1 - shape.mantissa)) - 1));
  const std::uint64_t hidden = field == 0 ? 0 : std::uint64_t{1} << shape.mantissa;
  const std::uint64_t significand = (bits & ((std::uint64_t{1} << shape.mantissa) - 1)) | hidden;
  const double magnitude =
      std::ldexp(static_cast<double>(significand), std::max(field, 1) - shape.bias - shape.mantissa);
  return (bits >> (shape.bits - 1) & 1) != 0 ? -magnitude : magnitude;
}

/// Rounded to nearest, ties to even; what is too large becomes the greatest.
std::uint64_t encoded_in(DataType type, double value) {
  const Shape shape = shape_of(type);
  const std::uint64_t sign = std::signbit(value) ? std::uint64_t{1} << (shape.bits - 1) : 0;
  const double magnitude = std::min(std::fabs(value), shape.greatest);
  if (magnitude == 0) return sign;
  const int exponent = std::max(std::ilogb(magnitude), 1 - shape.bias);
  const double units = std::nearbyint(std::ldexp(magnitude, shape.mantissa - exponent));
  // A mantissa that rounds up to the next power of two carries into the exponent.
  return sign | ((static_cast<std::uint64_t>(exponent + shape.bias - 1) << shape.mantissa) +
                 static_cast<std::uint64_t>(units));
}

template <typename T>
std::uint64_t bits_of(T value) {
  return static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(value));
}

/// Calls act(T()) with the type of the language.
template <typename Act>
std::uint64_t with_integer(DataType type, const Act& act) {
  switch (type) {
    case DataType::i8:
      return act(std::int8_t{});
    case DataType::u8:
      return act(std::uint8_t{});
    case DataType::i32:
      return act(std::int32_t{});
    case DataType::u32:
      return act(std::uint32_t{});
    case DataType::i64:
      return act(std::int64_t{});
    default:
      return act(std::uint64_t{});
  }
}

/// Signed ones wrap by detour over unsigned ones of 64 bits.
template <typename T>
T combined_integers(Op op, T a, T b) {
  const std::uint64_t x = bits_of(a), y = bits_of(b);
  switch (op) {
    case Op::prod:
      return static_cast<T>(x * y);
    case Op::max:
      return std::max(a, b);
    case Op::min:
      return std::min(a, b);
    default:
      return static_cast<T>(x + y);
  }
}

double combined_reals(Op op, double a, double b) {
  switch (op) {
    case Op::prod:
      return a * b;
    case Op::max:
      return std::max(a, b);
    case Op::min:
      return std::min(a, b);
    default:
      return a + b;
  }
}

/// Rounded to the type. Of f16 and shorter ones, and of f32 (24 bits, of the double's 53: more than twice as
/// many and two), rounding a double's sum once more is rounding the sum.
std::uint64_t combined(DataType type, Op op, std::uint64_t a, std::uint64_t b) {
  if (is_real(type)) return encoded_in(type, combined_reals(op, decoded(type, a), decoded(type, b)));
  return with_integer(type, [&](auto of_type) {
    using T = decltype(of_type);
    return bits_of(combined_integers<T>(op, static_cast<T>(a), static_cast<T>(b)));
  });
}

std::uint64_t over(DataType type, std::uint64_t bits, int by) {
  if (is_real(type)) return encoded_in(type, decoded(type, bits) / by);
  return with_integer(type, [&](auto of_type) {
    using T = decltype(of_type);
    return bits_of(static_cast<T>(static_cast<T>(bits) / static_cast<T>(by)));
  });
}

std::uint64_t one_after_another(DataType type, Op op, const Elements& parts) {
  std::uint64_t all = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) all = combined(type, op, all, parts[i]);
  return all;
}

std::uint64_t in_pairs(DataType type, Op op, Elements parts) {
  while (parts.size() > 1) {
    Elements next;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      next.push_back(combined(type, op, parts[i], parts[i + 1]));
    if (parts.size() % 2 != 0) next.push_back(parts.back());
    parts = next;
  }
  return parts[0];
}

/// From the first rank on.
std::uint64_t reduced(DataType type, Op op, const Elements& parts, int ranks) {
  const std::uint64_t all = one_after_another(type, op, parts);
  return op == Op::avg ? over(type, all, ranks) : all;
}

/// In other orders: a chain from the last to the first; in pairs; and NCCL's of floats, where each is scaled
/// before.
Elements reduced_otherwise(DataType type, Op op, Elements parts) {
  const auto ranks = static_cast<int>(parts.size());
  std::reverse(parts.begin(), parts.end());
  Elements all{reduced(type, op, parts, ranks)};
  all.push_back(in_pairs(type, op, parts));
  if (op != Op::avg) return all;
  all.back() = over(type, all.back(), ranks);
  if (!is_real(type)) return all;
  for (std::uint64_t& part : parts) part = over(type, part, ranks);
  all.push_back(one_after_another(type, op, parts));
  return all;
}

// Collectives.

/// By rank, element `element`.
Elements parts_of(const std::vector<Elements>& sent, std::size_t element) {
  Elements parts;
  for (const Elements& of_rank : sent) parts.push_back(of_rank.at(element));
  return parts;
}

Elements reduced_elements(const Request& request, const std::vector<Elements>& sent) {
  Elements all;
  for (std::size_t i = 0; i < sent[0].size(); ++i) {
    const Elements parts = parts_of(sent, i);
    all.push_back(reduced(request.type, request.op, parts, static_cast<int>(sent.size())));
    for (const std::uint64_t otherwise : reduced_otherwise(request.type, request.op, parts))
      EXPECT_EQ(otherwise, all.back()) << "element " << i << ": the order of addition matters";
  }
  return all;
}

Elements part(const Elements& of, std::size_t number, std::uint64_t count) {
  const auto first = of.begin() + static_cast<std::ptrdiff_t>(number * count);
  EXPECT_LE((number + 1) * count, of.size());
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

void append(Elements& to, const Elements& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// What each rank has afterwards (nccl.h of NCCL 2.28.9), of what each has sent.
std::vector<Elements> played(const Request& request, const std::vector<Elements>& sent) {
  const std::size_t ranks = sent.size();
  const auto root = static_cast<std::size_t>(request.root);
  std::vector<Elements> received(ranks);
  Elements all;
  if (nccl::reduces(request.collective)) all = reduced_elements(request, sent);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    switch (request.collective) {
      case Collective::all_reduce:
        received[rank] = all;
        break;
      case Collective::reduce:
        if (rank == root) received[rank] = all;
        break;
      case Collective::reduce_scatter:
        received[rank] = part(all, rank, request.count);
        break;
      case Collective::all_gather:
        for (const Elements& of_other : sent) append(received[rank], of_other);
        break;
      case Collective::broadcast:
        received[rank] = sent[root];
        break;
      case Collective::all_to_all:
        for (const Elements& of_other : sent) append(received[rank], part(of_other, rank, request.count));
        break;
      case Collective::gather:
        if (rank != root) break;
        for (const Elements& of_other : sent) append(received[rank], of_other);
        break;
      case Collective::scatter:
        received[rank] = part(sent[root], rank, request.count);
        break;
      case Collective::send_receive:
        received[rank] = sent[(rank + ranks - 1) % ranks];
        break;
    }
  }
  return received;
}

// Memory of the device.

Elements download(const void* from, DataType type, std::uint64_t count) {
  const unsigned bytes = nccl::bytes_of(type);
  Elements all(count);
  if (count == 0) return all;
  const std::vector<unsigned char> raw = cuda::download<unsigned char>(from, count * bytes);
  for (std::size_t i = 0; i < count; ++i) std::memcpy(&all[i], &raw[i * bytes], bytes);
  return all;
}

/// The driver may return before what lies in pageable memory has arrived (CUDA runtime API, "API
/// synchronization behavior").
void upload_bytes(void* to, const std::vector<unsigned char>& raw) {
  if (raw.empty()) return;
  cuda::check(cudaMemcpy(to, raw.data(), raw.size(), cudaMemcpyHostToDevice), "upload");
  cuda::check(cudaDeviceSynchronize(), "upload");
}

void upload(void* to, DataType type, const Elements& elements) {
  const unsigned bytes = nccl::bytes_of(type);
  std::vector<unsigned char> raw(elements.size() * bytes);
  for (std::size_t i = 0; i < elements.size(); ++i) std::memcpy(&raw[i * bytes], &elements[i], bytes);
  upload_bytes(to, raw);
}

std::string text_of(const Request& request, int ranks) {
  std::string text(nccl::name_of(request.collective));
  text += " of " + std::to_string(request.count) + " " + std::string(nccl::name_of(request.type));
  if (nccl::reduces(request.collective)) text += " " + std::string(nccl::name_of(request.op));
  return text + ", " + std::to_string(ranks) + " ranks, root " + std::to_string(request.root);
}

/// The places where two differ.
std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> differences(const Elements& right,
                                                                             const Elements& is) {
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> all;
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (right[i] != is.at(i)) all[i] = {right[i], is[i]};
  }
  return all;
}

/// All of them are counted, and those that are listed are theirs, in their order.
void expect_found(const Mismatches& found, const Elements& right, const Elements& is) {
  const auto wrong = differences(right, is);
  EXPECT_EQ(found.count, wrong.size());
  EXPECT_EQ(found.outside, 0u);
  EXPECT_EQ(found.first.size(), std::min(wrong.size(), Mismatches::kMost));
  std::set<std::uint64_t> listed;
  for (const Mismatch& mismatch : found.first) {
    EXPECT_TRUE(listed.empty() || *listed.rbegin() < mismatch.element) << "element " << mismatch.element;
    listed.insert(mismatch.element);
    ASSERT_EQ(wrong.count(mismatch.element), 1u) << "element " << mismatch.element;
    EXPECT_EQ(mismatch.expected, wrong.at(mismatch.element).first) << "element " << mismatch.element;
    EXPECT_EQ(mismatch.actual, wrong.at(mismatch.element).second) << "element " << mismatch.element;
  }
}

template <typename Visit>
void for_each_type(const Visit& visit) {
  for (int type = 0; type < nccl::kDataTypes; ++type) visit(static_cast<DataType>(type));
}
template <typename Visit>
void for_each_type_and_op(const Visit& visit) {
  for_each_type([&](DataType type) {
    for (const Op op : kOps) visit(type, op);
  });
}

// Reductions that go wrong.

/// One, with all that is known of it.
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

struct CollectiveDataDeviceHalf : testing::Test {
  CollectiveDataDeviceHalf() {
    for (int rank = 0; rank < kMostRanks; ++rank) data.push_back(make_rank_data(gpu, kBytes));
  }

  RankData& of_rank(int rank) { return *data[static_cast<std::size_t>(rank)]; }

  /// All ranks'. Returns what each is to send.
  std::vector<Elements> prepared(const Request& request, int ranks, bool in_place, std::uint64_t seed = 1) {
    for (int rank = 0; rank < ranks; ++rank) of_rank(rank).prepare({request, rank, ranks, seed}, in_place);
    cuda::check(cudaDeviceSynchronize(), "prepare");
    std::vector<Elements> sent;
    for (int rank = 0; rank < ranks; ++rank)
      sent.push_back(download(of_rank(rank).send(), request.type, nccl::sent_by(request, rank, ranks)));
    return sent;
  }

  /// As the job prepared last for this rank finds it.
  Mismatches looked_through(int rank, DataType type, const Elements& received) {
    upload(of_rank(rank).receive(), type, received);
    return of_rank(rank).look_through();
  }

  void expect_right(const Request& request, int ranks, bool in_place) {
    SCOPED_TRACE(text_of(request, ranks) + (in_place ? ", in place" : ""));
    const std::vector<Elements> received = played(request, prepared(request, ranks, in_place));
    for (int rank = 0; rank < ranks; ++rank) {
      const Elements& own = received[static_cast<std::size_t>(rank)];
      EXPECT_EQ(own.size(), nccl::received_by(request, rank, ranks));
      const Mismatches found = looked_through(rank, request.type, own);
      ASSERT_EQ(found.count, 0u) << "rank " << rank;
      ASSERT_EQ(found.outside, 0u) << "rank " << rank;
      ASSERT_TRUE(found.first.empty());
    }
  }

  /// With every number of ranks and elements, in place where that can be, with each rank as root in turn.
  void expect_right_in_all_shapes(Collective collective, DataType type, Op op) {
    for (const int ranks : {1, 2, 3, 8}) {
      if (!can(type, op, ranks)) continue;
      for (const std::uint64_t count : kCounts) {
        for (const bool in_place : {false, true}) {
          if (in_place && !nccl::can_be_in_place(collective)) continue;
          expect_right({collective, type, op, count, nccl::has_root(collective) ? turn_++ % ranks : 0}, ranks,
                       in_place);
          if (HasFatalFailure()) return;
        }
      }
    }
  }

  /// What is looked at is this rank's.
  static constexpr int kLooks = 1;

  Reduction reduction(DataType type, Op op, int ranks) {
    const Request request{Collective::all_reduce, type, op, kCounts[2], 0};
    Reduction of{type, op, prepared(request, ranks, false), {}, {}};
    of.before = download(of_rank(kLooks).receive(), type, request.count);
    of.right = of.of_parts([&](const Elements& parts) { return reduced(type, op, parts, ranks); });
    return of;
  }
  void expect_exactly_found(const Reduction& of, const Elements& is, const std::string& what,
                            bool changes = true) {
    SCOPED_TRACE(std::string(nccl::name_of(of.type)) + " " + std::string(nccl::name_of(of.op)) + ", " +
                 std::to_string(of.ranks()) + " ranks: " + what);
    EXPECT_EQ(is != of.right, changes) << "the mathematics";
    expect_found(looked_through(kLooks, of.type, is), of.right, is);
  }
  template <typename Visit>
  void for_each_reduction(const Visit& visit) {
    for_each_type_and_op([&](DataType type, Op op) {
      for (const int ranks : {2, 8}) visit(reduction(type, op, ranks));
    });
  }

  /// Received right, with a byte changed so many bytes from where the guarded buffer begins.
  Mismatches with_byte_changed(const Request& request, int rank, int ranks, bool in_place,
                               std::ptrdiff_t at) {
    const std::vector<Elements> received = played(request, prepared(request, ranks, in_place));
    RankData& own = of_rank(rank);
    upload(own.receive(), request.type, received[static_cast<std::size_t>(rank)]);
    const void* const buffer = std::min<const void*>(own.receive(), in_place ? own.send() : own.receive());
    auto* const byte = static_cast<unsigned char*>(const_cast<void*>(buffer)) + at;
    unsigned char changed = cuda::download<unsigned char>(byte, 1)[0];
    changed = static_cast<unsigned char>(changed ^ 0x10);
    upload_bytes(byte, {changed});
    return own.look_through();
  }
  void expect_one_outside(const Request& request, int rank, int ranks, bool in_place, std::ptrdiff_t at) {
    const Mismatches found = with_byte_changed(request, rank, ranks, in_place, at);
    EXPECT_EQ(found.outside, 1u) << text_of(request, ranks) << (in_place ? ", in place" : "") << ", byte "
                                 << at;
    EXPECT_EQ(found.count, 0u) << text_of(request, ranks) << ", byte " << at;
  }
  /// Of the larger of its buffers where they are one, of what it receives where they are not.
  static std::ptrdiff_t bytes_guarded(const Request& request, int rank, int ranks, bool in_place) {
    const std::uint64_t receives = nccl::received_by(request, rank, ranks),
                        sends = nccl::sent_by(request, rank, ranks);
    return static_cast<std::ptrdiff_t>((in_place ? std::max(sends, receives) : receives) *
                                       nccl::bytes_of(request.type));
  }

  memory::GpuInReach gpu;
  std::vector<std::unique_ptr<RankData>> data;

 private:
  int turn_ = 0;
};

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

TEST_F(CollectiveDataDeviceHalf, WhatWentWrongIsFoundWhereItDid) {
  for_each_reduction([&](const Reduction& of) {
    for (const Mutation& mutation : kMutations) {
      if (applies(mutation, of.type, of.op))
        expect_exactly_found(of, mutation.of(of), mutation.what, mutation.changes(of.type, of.op));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, ARankThatIsLeftOutIsFound) {
  for_each_reduction([&](const Reduction& of) {
    for (int out = 0; out < of.ranks(); ++out) {
      const Elements is = of.of_parts([&](Elements parts) {
        parts.erase(parts.begin() + out);
        return reduced(of.type, of.op, parts, of.ranks());
      });
      expect_exactly_found(of, is, "without rank " + std::to_string(out));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, ARankThatCountsTwiceIsFound) {
  for_each_reduction([&](const Reduction& of) {
    for (std::size_t twice = 0; twice < of.sent.size(); ++twice) {
      const Elements is = of.of_parts([&](Elements parts) {
        parts.push_back(parts[twice]);
        return reduced(of.type, of.op, parts, of.ranks());
      });
      // The least of numbers is the least of them however often one is there.
      expect_exactly_found(of, is, "twice rank " + std::to_string(twice), !picks(of.op));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, EveryFlippedBitIsFound) {
  for_each_reduction([&](const Reduction& of) {
    const unsigned bits = 8 * nccl::bytes_of(of.type);
    for (unsigned bit = 0; bit < bits; ++bit) {
      Elements is = of.right;
      is[(37 * bit + 5) % is.size()] ^= std::uint64_t{1} << bit;
      expect_exactly_found(of, is, "bit " + std::to_string(bit));
    }
  });
}

TEST_F(CollectiveDataDeviceHalf, AResultThatIsTheSameEverywhereIsFoundInNearlyEveryElement) {
  for_each_reduction([&](const Reduction& of) {
    const Elements is(of.right.size(), of.right[3]);
    expect_exactly_found(of, is, "one value in all elements");
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

// What lies around what is received.

constexpr std::ptrdiff_t kWordBytes = 16;

TEST_F(CollectiveDataDeviceHalf, WordsChangedBeforeAndBehindAreCounted) {
  for (const bool in_place : {false, true}) {
    for (const Collective collective :
         {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter, Collective::gather,
          Collective::scatter, Collective::broadcast}) {
      const Request request{collective, DataType::f16, Op::sum, 13, nccl::has_root(collective) ? 1 : 0};
      const std::ptrdiff_t bytes = bytes_guarded(request, 1, 3, in_place);
      const std::ptrdiff_t behind = (bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
      for (const std::ptrdiff_t at :
           {std::ptrdiff_t{-1}, -kWordBytes, std::ptrdiff_t{-256}, behind, behind + 239})
        expect_one_outside(request, 1, 3, in_place, at);
    }
  }
}

/// A copy of whole words would leave something in the rest of the last one.
TEST_F(CollectiveDataDeviceHalf, SoIsTheRestOfTheLastWord) {
  for (const bool in_place : {false, true}) {
    for_each_type([&](DataType type) {
      for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{13}}) {
        const Request request{Collective::all_reduce, type, Op::sum, count, 0};
        const std::ptrdiff_t bytes = bytes_guarded(request, 1, 2, in_place);
        const std::ptrdiff_t behind = (bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
        if (bytes == behind) continue;
        expect_one_outside(request, 1, 2, in_place, bytes);
        expect_one_outside(request, 1, 2, in_place, behind - 1);
      }
    });
  }
}

TEST_F(CollectiveDataDeviceHalf, AllWordsThatAreChangedAreCounted) {
  const Request request{Collective::all_reduce, DataType::f32, Op::sum, 16, 0};
  const Elements right = played(request, prepared(request, 2, false))[0];
  upload(of_rank(0).receive(), request.type, right);
  upload_bytes(static_cast<unsigned char*>(of_rank(0).receive()) + 64, std::vector<unsigned char>(256));
  upload_bytes(static_cast<unsigned char*>(of_rank(0).receive()) - 32, std::vector<unsigned char>(32));
  const Mismatches found = of_rank(0).look_through();
  EXPECT_EQ(found.outside, 18u);
  EXPECT_EQ(found.count, 0u);
}

/// What a larger one left behind is nothing that a smaller one changed.
TEST_F(CollectiveDataDeviceHalf, EachJobHasItsOwn) {
  for (const std::uint64_t count : {1021u, 13u, 127u, 1u})
    expect_right({Collective::all_gather, DataType::u8, Op::sum, count, 0}, 3, true);
}

// The rest.

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
