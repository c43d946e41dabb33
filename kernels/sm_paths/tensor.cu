// The tensor cores: wgmma on tiles in shared memory, and mma of doubles.
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/mma.h"
#include "kernels/instructions/wgmma.h"
#include "kernels/sm_paths/round.h"
#include "kernels/tensor_elements.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

/// Tiles lie without a swizzle, K in chunks of 16 bytes: byte(row, k) = k / 16 * 16 R + 16 row + k % 16, for
/// R rows (of B: columns).
template <typename Form, Datapath kPath>
class Wgmma {
 public:
  FirstWrong first_wrong;

  __device__ explicit Wgmma(const Parameters& p) {
    ASSAY_DYNAMIC_SHARED(words);
    const unsigned group = threadIdx.x / kGroupThreads;
    std::uint32_t* const mine = words + group * (2 * kOperandWords);
    fill(mine, p, 0);
    fill(mine + kOperandWords, p, 1);
    cuda::fence_for_async();
    __syncthreads();
    const std::uint32_t a = cuda::shared_address(mine), b = a + 4 * kOperandWords;
    constexpr cuda::WgmmaStrides kStrides{16 * kTileRows, 128, 0};
#pragma unroll
    for (std::uint32_t step = 0; step < kTileSteps; ++step) {
      of_a_[step] = cuda::wgmma_descriptor(a + step * kBytesOfStep, kStrides);
      of_b_[step] = cuda::wgmma_descriptor(b + step * kBytesOfStep, kStrides);
    }
  }

  __device__ std::uint64_t round() {
    std::uint32_t d[Form::kRegisters];
#pragma unroll
    for (int i = 0; i < Form::kRegisters; ++i) d[i] = 0;
    cuda::touch(d);
    cuda::wgmma_fence();
#pragma unroll
    for (int pass = 0; pass < kTilePasses; ++pass) {
#pragma unroll
      for (int step = 0; step < kTileSteps; ++step) Form::multiply(d, of_a_[step], of_b_[step]);
    }
    cuda::wgmma_commit();
    cuda::wgmma_wait();
    cuda::touch(d);
    Hash hash;
#pragma unroll
    for (int i = 0; i < Form::kRegisters; ++i) hash.add(d[i]);
    return hash.value();
  }

 private:
  static_assert(Form::kColumns == kTileColumns && kTileColumns == kTileRows);
  static constexpr std::uint32_t kBytesOfStep = kBytesOfK * kTileRows;
  static constexpr std::uint32_t kOperandWords = kTileSteps * kBytesOfStep / 4;

  /// Four bytes at a time, by the group's own threads.
  __device__ static void fill(std::uint32_t* words, const Parameters& p, std::uint32_t operand) {
    constexpr ElementFormat kFormat = format_of(kPath);
    constexpr std::uint32_t kInWord = 4 / kFormat.bytes;
    constexpr int kMost = most_for_sums(kFormat, kBytesOfK / kFormat.bytes * kTileSteps * kTilePasses);
    const unsigned group = threadIdx.x / kGroupThreads;
    for (std::uint32_t i = threadIdx.x % kGroupThreads; i < kOperandWords; i += kGroupThreads) {
      std::uint32_t word = 0;
#pragma unroll
      for (std::uint32_t n = 0; n < kInWord; ++n) {
        const std::uint64_t number = ((group * 2ULL + operand) * kOperandWords + i) * kInWord + n;
        const std::uint64_t random = memory::mix64(p.seed ^ number);
        const bool integers = p.data == Data::exact || kFormat.exponent_bits == 0;
        const std::uint32_t bits =
            integers ? bits_of_integer(kFormat, static_cast<int>(integer_up_to(kMost, random)))
                     : bits_of_any(kFormat, random);
        word |= bits << (8 * kFormat.bytes * n % 32);
      }
      words[i] = word;
    }
  }

  std::uint64_t of_a_[kTileSteps], of_b_[kTileSteps];
};

/// Chains of m8n8k4: a warp's A and B differ from step to step.
class Doubles {
 public:
  FirstWrong first_wrong;

  __device__ explicit Doubles(const Parameters& p) : seed_(p.seed), data_(p.data) {}

  __device__ std::uint64_t round() {
    double d[kDoubleChains][2];
#pragma unroll
    for (int i = 0; i < kDoubleChains; ++i) d[i][0] = d[i][1] = 0;
    std::uint64_t random = opaque(data_of_thread(seed_, 0));
#pragma unroll 1
    for (int step = 0; step < kDoubleSteps; ++step) {
#pragma unroll
      for (int i = 0; i < kDoubleChains; ++i) {
        random = memory::mix64(random);
        cuda::mma_f64(operand(random), operand(random << 32 | random >> 32), d[i]);
      }
    }
    Hash hash;
#pragma unroll
    for (int i = 0; i < kDoubleChains; ++i) {
      hash.add(cuda::bits_of(d[i][0]));
      hash.add(cuda::bits_of(d[i][1]));
    }
    return hash.value();
  }

 private:
  /// Integers of 24 bits: 64 products of 46 bits stay below 2^53. Or full mantissas from 1 to 2.
  __device__ double operand(std::uint64_t random) const {
    if (data_ == Data::exact) return static_cast<double>(static_cast<std::int32_t>(random) / (1 << 8));
    return cuda::double_of((random & 0x800fffffffffffffULL) | 0x3ff0000000000000ULL);
  }
  std::uint64_t seed_;
  Data data_;
};

}  // namespace

std::vector<cuda::StandIn> launch_tensor(Datapath path, const Parameters& p, const Work& work, unsigned sms) {
  namespace form = cuda::wgmma;
  switch (path) {
    case Datapath::tensor_bf16:
      return launch_path<Wgmma<form::Bf16, Datapath::tensor_bf16>>(p, work, sms);
    case Datapath::tensor_fp16:
      return launch_path<Wgmma<form::F16, Datapath::tensor_fp16>>(p, work, sms);
    case Datapath::tensor_tf32:
      return launch_path<Wgmma<form::Tf32, Datapath::tensor_tf32>>(p, work, sms);
    case Datapath::tensor_e4m3:
      return launch_path<Wgmma<form::E4m3, Datapath::tensor_e4m3>>(p, work, sms);
    case Datapath::tensor_e5m2:
      return launch_path<Wgmma<form::E5m2, Datapath::tensor_e5m2>>(p, work, sms);
    case Datapath::tensor_int8:
      return launch_path<Wgmma<form::S8, Datapath::tensor_int8>>(p, work, sms);
    default:
      return launch_path<Doubles>(p, work, sms);
  }
}

}  // namespace assay::compute::ASSAY_TARGET
