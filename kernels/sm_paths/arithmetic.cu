// The cores' arithmetic: chains in which every operand is full of random bits. Every result goes into a sum,
// too: what follows from one wrong bit may be rounded off again.
#include "kernels/instructions/arithmetic.h"
#include "kernels/sm_paths/round.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

/// What all of them have.
struct Chains {
  FirstWrong first_wrong;

  /// A sum of results, which one wrong one changes for certain.
  __device__ static std::uint32_t with(std::uint32_t sum, std::uint32_t result) {
    return rotated(sum, 1) + result;
  }
  __device__ static std::uint64_t with(std::uint64_t sum, std::uint64_t result) {
    return (sum << 1 | sum >> 63) + result;
  }
};

/// A format's bits: what of random ones is kept, the exponent of 1/2, one more in the exponent.
struct Single {
  using Bits = std::uint32_t;
  static constexpr Bits kKept = 0x807fffffu, kOneHalf = 0x3f000000u, kTwice = 0x00800000u;
  __device__ static Bits multiply_add(Bits a, Bits b, Bits c) {
    return cuda::bits_of(cuda::multiply_add(cuda::float_of(a), cuda::float_of(b), cuda::float_of(c)));
  }
};
struct Double {
  using Bits = std::uint64_t;
  static constexpr Bits kKept = 0x800fffffffffffffULL, kOneHalf = 0x3fe0000000000000ULL,
                        kTwice = 0x0010000000000000ULL;
  __device__ static Bits multiply_add(Bits a, Bits b, Bits c) {
    return cuda::bits_of(cuda::multiply_add(cuda::double_of(a), cuda::double_of(b), cuda::double_of(c)));
  }
};
/// Two in each word.
struct Halves {
  using Bits = std::uint32_t;
  static constexpr Bits kKept = 0x83ff83ffu, kOneHalf = 0x38003800u, kTwice = 0x04000400u;
  __device__ static Bits multiply_add(Bits a, Bits b, Bits c) { return cuda::multiply_add_halves(a, b, c); }
};

/// a = a u + c, where |u| is below 1 and made of another chain's bits: nothing grows beyond its format,
/// nothing settles.
template <typename Format>
class Fused : public Chains {
 public:
  __device__ explicit Fused(const Parameters& p) : seed_(p.seed) {}

  __device__ std::uint64_t round() {
    Bits a[kChains], c[kChains], sum[kChains] = {};
#pragma unroll
    for (int i = 0; i < kChains; ++i) {
      a[i] = below_one(static_cast<Bits>(opaque(random(i))));
      c[i] = below_one(static_cast<Bits>(random(kChains + i))) + Format::kTwice;
    }
#pragma unroll 4
    for (int step = 0; step < kSteps; ++step) {
#pragma unroll
      for (int i = 0; i < kChains; ++i) {
        a[i] = Format::multiply_add(a[i], below_one(a[(i + 1) % kChains]), c[i]);
        sum[i] = with(sum[i], a[i]);
      }
    }
    Hash hash;
#pragma unroll
    for (int i = 0; i < kChains; ++i) hash.add(sum[i]);
    return hash.value();
  }

 private:
  using Bits = typename Format::Bits;
  __device__ std::uint64_t random(int which) const {
    return data_of_thread(seed_, static_cast<std::uint32_t>(which));
  }
  /// Of any sign, from 1/2 on.
  __device__ static Bits below_one(Bits bits) {
    return (bits & Format::kKept) | Format::kOneHalf;
  }
  std::uint64_t seed_;
};

/// Multiplication, addition, logic, shifts, permutation, bit counts, sums of bytes, conversion.
class Integer : public Chains {
 public:
  __device__ explicit Integer(const Parameters& p) : seed_(p.seed) {}

  __device__ std::uint64_t round() {
    const std::uint64_t start = opaque(data_of_thread(seed_, 0)), more = opaque(data_of_thread(seed_, 1));
    auto x = static_cast<std::uint32_t>(start), y = static_cast<std::uint32_t>(start >> 32);
    auto z = static_cast<std::uint32_t>(more), w = static_cast<std::uint32_t>(more >> 32);
    std::uint32_t sum = 0;
    const auto seen = [&sum](std::uint32_t result) {
      const std::uint32_t value = cuda::integer(result);
      sum = with(sum, value);
      return value;
    };
#pragma unroll 2
    for (int step = 0; step < kIntegerSteps; ++step) {
      x = seen(x * y + z);
      y = seen(__funnelshift_l(y, x, 7) ^ w);
      z = seen(z + static_cast<unsigned>(__popc(x)));
      w = seen(__byte_perm(w, z, x & 0x7777u));
      x = seen(x ^ __umulhi(y, w));
      y = seen(y + __brev(z));
      z = seen(static_cast<unsigned>(__dp4a(static_cast<int>(z), static_cast<int>(w), static_cast<int>(x))));
      w = seen(w + static_cast<unsigned>(__clz(static_cast<int>(y))));
      x = seen(static_cast<std::int32_t>(x) < static_cast<std::int32_t>(z) ? z - x : x + 3 * z);
      y = seen(y ^ cuda::bits_of(static_cast<float>(static_cast<std::int32_t>(w))));
    }
    Hash hash;
    hash.add(sum);
    return hash.value();
  }

 private:
  std::uint64_t seed_;
};

class SpecialFunctions : public Chains {
 public:
  __device__ explicit SpecialFunctions(const Parameters& p) : seed_(p.seed) {}

  __device__ std::uint64_t round() {
    auto state = static_cast<std::uint32_t>(opaque(data_of_thread(seed_, 0)));
    Hash hash;
    for (int step = 0; step < kSpecialSteps; ++step) {
      using cuda::Special;
      take<Special::exp2>(state);
      take<Special::log2>(state);
      take<Special::reciprocal>(state);
      take<Special::reciprocal_root>(state);
      take<Special::root>(state);
      take<Special::sine>(state);
      take<Special::cosine>(state);
      take<Special::tanh>(state);
      hash.add(state);
    }
    return hash.value();
  }

 private:
  /// Of an argument from 1 to 2 that the state gives; the result goes into the state.
  template <cuda::Special kWhich>
  __device__ static void take(std::uint32_t& state) {
    const float result = cuda::special<kWhich>(cuda::float_of((state >> 9) | 0x3f800000u));
    state = state * 0x9e3779b1u + cuda::bits_of(result);
  }
  std::uint64_t seed_;
};

}  // namespace

std::vector<cuda::StandIn> launch_arithmetic(Datapath path, const Parameters& p, const Work& work,
                                             unsigned sms) {
  switch (path) {
    case Datapath::fp32:
      return launch_path<Fused<Single>>(p, work, sms);
    case Datapath::fp64:
      return launch_path<Fused<Double>>(p, work, sms);
    case Datapath::fp16:
      return launch_path<Fused<Halves>>(p, work, sms);
    case Datapath::integer:
      return launch_path<Integer>(p, work, sms);
    default:
      return launch_path<SpecialFunctions>(p, work, sms);
  }
}

}  // namespace assay::compute::ASSAY_TARGET
