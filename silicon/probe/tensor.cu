// Hopper's tensor cores: is an instruction's result, layout and rate what kernels will rely on?
#include <algorithm>
#include <cstring>
#include <random>

#include "silicon/probe/parts.h"
#include "silicon/probe/wgmma_tile.h"

namespace assay::silicon {
namespace {

int row_of(int thread, int i) {
  return 16 * (thread / 32) + thread % 32 / 4 + 8 * (i >> 1 & 1);
}
int column_of(int thread, int i) {
  return 8 * (i >> 2) + 2 * (thread % 4) + (i & 1);
}

/// Element `i` of a thread's fragment.
double result_of(Result result, const std::vector<std::uint32_t>& d, int thread, int i) {
  if (result == Result::f16) {
    const std::uint32_t pair = d[static_cast<std::size_t>(i / 2 * kThreads + thread)];
    return decode(kF16, pair >> (16 * (i % 2)) & 0xffff);
  }
  const std::uint32_t word = d[static_cast<std::size_t>(i * kThreads + thread)];
  if (result == Result::s32) return static_cast<std::int32_t>(word);
  float value = 0;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

/// Small integers, both operands without any symmetry: every product and sum is exact, so one wrong place
/// shows.
template <typename Form>
void exact(const FormInfo& form) {
  std::mt19937 draw(7);
  for (const int steps : {1, kMostSteps}) {
    const int k = steps * kBytesOfStep / form.a.bytes;
    Matrix a = integers(draw, form.a, kRows, k, form.greatest),
           b = integers(draw, form.b, Form::kColumns, k, form.greatest);
    std::vector<std::uint8_t> image;
    const Operand of_a = place_operand(a, form.a, form.layout_a, steps, image),
                  of_b = place_operand(b, form.b, form.layout_b, steps, image);
    OnDevice run(image, std::vector<std::uint32_t>(Form::kRegisters * kThreads), 1);
    run.multiply<Form>(of_a, of_b, steps);
    const std::vector<std::uint32_t> d = run.d();
    const int elements = Form::kRegisters * (form.result == Result::f16 ? 2 : 1);
    int wrong = 0;
    nlohmann::json first;
    for (int thread = 0; thread < kThreads; ++thread) {
      for (int i = 0; i < elements; ++i) {
        const int row = row_of(thread, i), column = column_of(thread, i);
        double sum = 0;
        for (int x = 0; x < k; ++x) sum += decode(form.a, a.at(row, x)) * decode(form.b, b.at(column, x));
        const double got = result_of(form.result, d, thread, i);
        if (got == sum) continue;
        if (wrong++ == 0) first = {{"row", row}, {"column", column}, {"wanted", sum}, {"got", got}};
      }
    }
    say({{"form", form.name},
         {"a", form.layout_a.name},
         {"b", form.layout_b.name},
         {"steps", steps},
         {"elements", elements * kThreads},
         {"wrong", wrong},
         {"first_wrong", first}});
  }
}

/// One instruction on random numbers: which width of the aligned sum explains every bit of the result?
template <typename Form>
void numerics(const FormInfo& form, int spread, bool with_c) {
  std::mt19937 draw(11);
  const int k = kBytesOfStep / form.a.bytes;
  Matrix a = reals(draw, form.a, kRows, k, spread), b = reals(draw, form.b, Form::kColumns, k, spread);
  std::vector<std::uint8_t> image;
  const Operand of_a = place_operand(a, form.a, form.layout_a, 1, image),
                of_b = place_operand(b, form.b, form.layout_b, 1, image);
  std::vector<std::uint32_t> c(Form::kRegisters * kThreads);
  if (with_c) {
    std::uniform_real_distribution<float> any(-8, 8);
    for (std::uint32_t& bits : c) {
      const float value = any(draw);
      std::memcpy(&bits, &value, sizeof(bits));
    }
  }
  OnDevice run(image, c, 1);
  run.multiply<Form>(of_a, of_b, 1);
  const std::vector<std::uint32_t> d = run.d();
  struct Match {
    int fraction_bits, result_bits, equal;
  };
  std::vector<Match> matches;
  const int elements = Form::kRegisters * kThreads;
  for (int fraction_bits = 10; fraction_bits <= 30; ++fraction_bits) {
    for (const int result_bits : {10, 13, 14, 23}) {
      int equal = 0;
      for (int thread = 0; thread < kThreads; ++thread) {
        for (int i = 0; i < Form::kRegisters; ++i) {
          std::vector<double> of_row, of_column;
          for (int x = 0; x < k; ++x) {
            of_row.push_back(decode(form.a, a.at(row_of(thread, i), x)));
            of_column.push_back(decode(form.b, b.at(column_of(thread, i), x)));
          }
          const double begin = result_of(form.result, c, thread, i);
          equal += accumulate(of_row, of_column, begin, fraction_bits, result_bits) ==
                   result_of(form.result, d, thread, i);
        }
      }
      matches.push_back({fraction_bits, result_bits, equal});
    }
  }
  std::sort(matches.begin(), matches.end(), [](const Match& x, const Match& y) { return x.equal > y.equal; });
  // Up to the last bit of a mantissa that any result has.
  int last_bit = 0;
  for (const std::uint32_t bits : d) {
    if ((bits & 0x7fffff) != 0) last_bit = std::max(last_bit, 23 - __builtin_ctz(bits & 0x7fffff));
  }
  nlohmann::json best = nlohmann::json::array();
  for (int i = 0; i < 6; ++i)
    best.push_back({{"fraction_bits", matches[static_cast<std::size_t>(i)].fraction_bits},
                    {"result_bits", matches[static_cast<std::size_t>(i)].result_bits},
                    {"equal", matches[static_cast<std::size_t>(i)].equal}});
  say({{"form", form.name},
       {"numerics", with_c ? "products and c" : "products"},
       {"exponents_spread", spread},
       {"elements", elements},
       {"mantissa_bits_used", last_bit},
       {"best", best}});
}

/// Clocks an instruction, of one to four warp groups on every SM.
template <typename Form>
void rate(const FormInfo& form, unsigned sms) {
  std::mt19937 draw(5);
  const int k = kMostSteps * kBytesOfStep / form.a.bytes;
  Matrix a = integers(draw, form.a, kRows, k, 1), b = integers(draw, form.b, Form::kColumns, k, 1);
  std::vector<std::uint8_t> image;
  const Operand of_a = place_operand(a, form.a, form.layout_a, kMostSteps, image),
                of_b = place_operand(b, form.b, form.layout_b, kMostSteps, image);
  nlohmann::json of_groups;
  for (unsigned groups = 1; groups <= kMostGroups<Form>; ++groups) {
    constexpr int kRepetitions = 256;
    OnDevice run(image, std::vector<std::uint32_t>(Form::kRegisters * kThreads), sms);
    for (int i = 0; i < 2; ++i) run.multiply<Form>(of_a, of_b, kMostSteps, groups, kRepetitions);
    std::vector<long long> cycles = run.cycles();
    std::sort(cycles.begin(), cycles.end());
    const double instructions = 1.0 * kRepetitions * kMostSteps * groups;
    of_groups.push_back({{"groups", groups},
                         {"cycles_median", static_cast<double>(cycles[cycles.size() / 2]) / instructions},
                         {"cycles_least", static_cast<double>(cycles.front()) / instructions},
                         {"cycles_most", static_cast<double>(cycles.back()) / instructions}});
  }
  say({{"form", form.name}, {"columns", Form::kColumns}, {"clocks_an_instruction", of_groups}});
}

}  // namespace

void tensor(const Arguments&) {
  const auto gpu = first_gpu();
  const auto sms = static_cast<unsigned>(gpu->multiprocessors());
  const FormInfo bf16{"bf16", kBf16, kBf16, kPlain, kPlain, Result::f32, 100};
  const FormInfo f16{"f16", kF16, kF16, kPlain, kPlain, Result::f32, 100};
  const FormInfo f16_to_f16{"f16 to f16", kF16, kF16, kPlain, kPlain, Result::f16, 5};
  const FormInfo tf32{"tf32", kTf32, kTf32, kPlain, kPlain, Result::f32, 500};
  const FormInfo e4m3{"e4m3", kE4m3, kE4m3, kPlain, kPlain, Result::f32, 8};
  const FormInfo e5m2{"e5m2", kE5m2, kE5m2, kPlain, kPlain, Result::f32, 4};
  const FormInfo mixed{"e4m3 x e5m2", kE4m3, kE5m2, kPlain, kPlain, Result::f32, 4};
  const FormInfo s8{"s8", kS8, kS8, kPlain, kPlain, Result::s32, 127};
  const FormInfo u8{"u8 x s8", kU8, kS8, kPlain, kPlain, Result::s32, 127};
  exact<Bf16N8>(bf16);
  exact<Bf16>(bf16);
  exact<Bf16N256>(bf16);
  for (const Layout& layout : {kSwizzle32, kSwizzle64, kSwizzle128}) {
    FormInfo swizzled = bf16;
    swizzled.layout_a = swizzled.layout_b = layout;
    exact<Bf16>(swizzled);
    FormInfo bytes = e4m3;
    bytes.layout_a = bytes.layout_b = layout;
    exact<E4m3>(bytes);
  }
  for (const Layout& layout : {kTransposed, kTransposed128}) {
    FormInfo transposed = bf16;
    transposed.layout_a = layout;
    exact<Bf16TransposedA>(transposed);
    transposed = bf16;
    transposed.layout_b = layout;
    exact<Bf16TransposedB>(transposed);
  }
  exact<F16>(f16);
  exact<F16ToF16>(f16_to_f16);
  exact<Tf32>(tf32);
  exact<E4m3>(e4m3);
  exact<E5m2>(e5m2);
  exact<E4m3E5m2>(mixed);
  exact<S8>(s8);
  exact<U8S8>(u8);
  for (const bool with_c : {false, true}) {
    for (const int spread : {4, 12}) {
      numerics<Bf16>(bf16, spread, with_c);
      numerics<F16>(f16, spread, with_c);
      numerics<Tf32>(tf32, spread, with_c);
      numerics<E4m3>(e4m3, spread, with_c);
      numerics<E5m2>(e5m2, spread, with_c);
    }
  }
  rate<Bf16N8>(bf16, sms);
  rate<Bf16>(bf16, sms);
  rate<Bf16N256>(bf16, sms);
  rate<F16N256>(f16, sms);
  rate<F16ToF16>(f16_to_f16, sms);
  rate<Tf32N256>(tf32, sms);
  rate<E4m3N256>(e4m3, sms);
  rate<S8N256>(s8, sms);
  FormInfo swizzled = bf16;
  swizzled.layout_a = swizzled.layout_b = kSwizzle128;
  rate<Bf16N256>(swizzled, sms);
}

}  // namespace assay::silicon
