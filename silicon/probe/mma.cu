// mma.sync, one warp: is every element where PTX ISA 9.0 ("Matrix fragments for mma") puts it, and how is it
// added up?
#include <cmath>
#include <cstring>
#include <random>

#include "kernels/cuda_support.h"
#include "silicon/probe/parts.h"
#include "silicon/probe/tensor_elements.h"

namespace assay::silicon {
namespace {

constexpr int kLanes = 32;

/// Registers of 32 bits, lane after lane.
template <int kA, int kB, int kD>
struct Fragments {
  std::uint32_t a[kLanes][kA], b[kLanes][kB], d[kLanes][kD];
};

#define ASSAY_MMA(Name, types)                                                                          \
  struct Name {                                                                                         \
    __device__ static void multiply(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* d) { \
      asm volatile("mma.sync.aligned." types                                                            \
                   " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                   \
                   : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])                                     \
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));                 \
    }                                                                                                   \
  };
ASSAY_MMA(Bf16, "m16n8k16.row.col.f32.bf16.bf16.f32")
ASSAY_MMA(F16, "m16n8k16.row.col.f32.f16.f16.f32")
ASSAY_MMA(Tf32, "m16n8k8.row.col.f32.tf32.tf32.f32")
ASSAY_MMA(S8, "m16n8k32.row.col.s32.s8.s8.s32")

template <typename Form>
__global__ void narrow(Fragments<4, 2, 4>* f) {
  Form::multiply(f->a[threadIdx.x], f->b[threadIdx.x], f->d[threadIdx.x]);
}

struct Doubles {
  double a[kLanes][8], b[kLanes][4], d[kLanes][4];
};

__global__ void fp64_m8n8k4(Doubles* f) {
  double* const d = f->d[threadIdx.x];
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+d"(d[0]), "+d"(d[1])
               : "d"(f->a[threadIdx.x][0]), "d"(f->b[threadIdx.x][0]));
}

__global__ void fp64_m16n8k16(Doubles* f) {
  const double *const a = f->a[threadIdx.x], *const b = f->b[threadIdx.x];
  double* const d = f->d[threadIdx.x];
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5, %6, %7, %8, %9, %10, "
      "%11}, {%12, %13, %14, %15}, {%0, %1, %2, %3};"
      : "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])
      : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]), "d"(a[7]), "d"(b[0]),
        "d"(b[1]), "d"(b[2]), "d"(b[3]));
}

template <typename F>
F on_device(void (*kernel)(F*), const F& fragments) {
  F* there = nullptr;
  cuda::check(cudaMalloc(&there, sizeof(F)), "allocate");
  cuda::check(cudaMemcpy(there, &fragments, sizeof(F), cudaMemcpyHostToDevice), "upload");
  kernel<<<1, kLanes>>>(there);
  cuda::check(cudaGetLastError(), "launch");
  cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "multiply");
  F result;
  cuda::check(cudaMemcpy(&result, there, sizeof(F), cudaMemcpyDeviceToHost), "download");
  cuda::check(cudaFree(there), "free");
  return result;
}

double value_of(std::uint32_t word, bool integer) {
  if (integer) return static_cast<std::int32_t>(word);
  float value = 0;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

/// Rows and places along K of element `i` of a lane's fragments: 2 (16-bit), 4 (8-bit) or 1 (tf32) a
/// register.
struct Place {
  int row, k;
};
Place of_a(int bytes, int lane, int i) {
  const int g = lane / 4, t = lane % 4, each = 4 / bytes, reg = i / each, within = i % each;
  return {g + 8 * (reg % 2), t * each + within + 4 * each * (reg / 2)};
}
Place of_b(int bytes, int lane, int i) {
  const int g = lane / 4, t = lane % 4, each = 4 / bytes, reg = i / each, within = i % each;
  return {g, t * each + within + 4 * each * reg};
}

template <typename Form>
void exact(const char* name, const Element& element, int greatest, bool random) {
  std::mt19937 draw(9);
  std::uniform_int_distribution<int> any(-greatest, greatest), exponent(-3, 3);
  const int each = 4 / element.bytes, k = 8 * each;
  std::vector<double> a(static_cast<std::size_t>(16 * k)), b(static_cast<std::size_t>(8 * k));
  for (auto* values : {&a, &b}) {
    for (double& value : *values) {
      value = any(draw);
      if (random) value = std::ldexp(value == 0 ? 1 : value, exponent(draw));
    }
  }
  Fragments<4, 2, 4> f{};
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < 4 * each; ++i) {
      const Place p = of_a(element.bytes, lane, i);
      f.a[lane][i / each] |= encode(element, a[static_cast<std::size_t>(p.row * k + p.k)])
                             << (8 * element.bytes * (i % each));
    }
    for (int i = 0; i < 2 * each; ++i) {
      const Place p = of_b(element.bytes, lane, i);
      f.b[lane][i / each] |= encode(element, b[static_cast<std::size_t>(p.row * k + p.k)])
                             << (8 * element.bytes * (i % each));
    }
  }
  const auto done = on_device(narrow<Form>, f);
  int wrong = 0;
  nlohmann::json by_bits;
  const auto row = [&](const std::vector<double>& m, int r) {
    return std::vector<double>(m.begin() + r * k, m.begin() + (r + 1) * k);
  };
  for (int fraction_bits = random ? 20 : 40; fraction_bits <= (random ? 28 : 40); ++fraction_bits) {
    wrong = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int i = 0; i < 4; ++i) {
        const int r = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
        const double got = value_of(done.d[lane][i], element.exponent_bits == 0);
        wrong += got != accumulate(row(a, r), row(b, column), 0, fraction_bits, 23);
      }
    }
    by_bits[std::to_string(fraction_bits)] = wrong;
  }
  say({{"mma", name},
       {"data", random ? "random" : "integers"},
       {"elements", 128},
       {"wrong_by_fraction_bits", by_bits}});
}

/// fp64 adds one product after the other: in which order?
template <typename Kernel>
void fp64(const char* name, Kernel kernel, int rows, int k) {
  std::mt19937 draw(13);
  std::uniform_real_distribution<double> any(-1, 1);
  std::vector<double> a(static_cast<std::size_t>(rows * k)), b(static_cast<std::size_t>(8 * k)),
      c(static_cast<std::size_t>(rows * 8));
  for (auto* values : {&a, &b, &c}) {
    for (double& value : *values) value = any(draw) * std::ldexp(1.0, static_cast<int>(draw() % 20));
  }
  Doubles f{};
  const int halves = rows / 8;
  for (int lane = 0; lane < kLanes; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < halves * k / 4; ++i)
      f.a[lane][i] = a[static_cast<std::size_t>((g + 8 * (i % halves)) * k + 4 * (i / halves) + t)];
    for (int i = 0; i < k / 4; ++i) f.b[lane][i] = b[static_cast<std::size_t>(g * k + t + 4 * i)];
    for (int i = 0; i < 2 * halves; ++i)
      f.d[lane][i] = c[static_cast<std::size_t>((g + 8 * (i / 2)) * 8 + 2 * t + i % 2)];
  }
  const Doubles done = on_device(kernel, f);
  int ascending = 0, descending = 0, close = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < 2 * halves; ++i) {
      const int r = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
      double up = c[static_cast<std::size_t>(r * 8 + column)], down = up;
      for (int x = 0; x < k; ++x) {
        const auto term = [&](int at, double sum) {
          return std::fma(a[static_cast<std::size_t>(r * k + at)],
                          b[static_cast<std::size_t>(column * k + at)], sum);
        };
        up = term(x, up);
        down = term(k - 1 - x, down);
      }
      ascending += done.d[lane][i] == up;
      descending += done.d[lane][i] == down;
      close += std::fabs(done.d[lane][i] - up) <= 1e-12 * std::fabs(up) + 1e-6;
    }
  }
  say({{"mma", name},
       {"elements", kLanes * 2 * halves},
       {"as_fma_chain_ascending", ascending},
       {"as_fma_chain_descending", descending},
       {"close", close}});
}

}  // namespace

void mma(const Arguments&) {
  const auto gpu = first_gpu();
  exact<Bf16>("bf16 m16n8k16", kBf16, 100, false);
  exact<F16>("f16 m16n8k16", kF16, 100, false);
  exact<Tf32>("tf32 m16n8k8", kTf32, 500, false);
  exact<S8>("s8 m16n8k32", kS8, 127, false);
  exact<Bf16>("bf16 m16n8k16", kBf16, 255, true);
  exact<F16>("f16 m16n8k16", kF16, 2000, true);
  exact<Tf32>("tf32 m16n8k8", kTf32, 2000, true);
  fp64("fp64 m8n8k4", fp64_m8n8k4, 8, 4);
  fp64("fp64 m16n8k16", fp64_m16n8k16, 16, 16);
}

}  // namespace assay::silicon
