#include "harness/node_sim/cuda_emulation/tensor_cores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "silicon/probe/tensor_elements.h"
#include "silicon/probe/tensor_layout.h"

namespace assay::cuda_emulation {
namespace {

using silicon::Element;
using silicon::Layout;

template <typename Kernel>
void run(unsigned threads, const Kernel& kernel, std::size_t shared_bytes = 0) {
  Kernel copy = kernel;
  run_grid(
      {1}, {threads}, shared_bytes, 7, [](void* it) { (*static_cast<Kernel*>(it))(); }, &copy);
}

Where here() {
  return Where::current();
}

/// As the probe makes it: the layouts that a card was asked with.
std::uint64_t descriptor(std::uint32_t address, const silicon::Strides& strides) {
  const auto field = [](std::uint32_t bytes) { return static_cast<std::uint64_t>((bytes & 0x3FFFF) >> 4); };
  return field(address) | field(strides.leading) << 16 | field(strides.stride) << 32 |
         static_cast<std::uint64_t>(strides.swizzle_mode) << 62;
}

struct Matrix {
  int rows, k;
  std::vector<int> values;
  int at(int row, int i) const {
    return values[static_cast<std::size_t>(row) * static_cast<std::size_t>(k) + static_cast<std::size_t>(i)];
  }
};

Matrix integers(std::mt19937& draw, int rows, int k, int most) {
  Matrix matrix{rows, k, {}};
  std::uniform_int_distribution<int> any(-most, most);
  for (int i = 0; i < rows * k; ++i) matrix.values.push_back(any(draw));
  return matrix;
}

void lay_out(const Matrix& matrix, const Element& element, const Layout& layout, std::byte* image) {
  for (int row = 0; row < matrix.rows; ++row) {
    for (int i = 0; i < matrix.k; ++i) {
      const std::uint32_t bits = silicon::encode(element, matrix.at(row, i));
      for (int byte = 0; byte < element.bytes; ++byte)
        image[silicon::place(layout, matrix.rows, static_cast<std::uint32_t>(row),
                             static_cast<std::uint32_t>(i * element.bytes + byte))] =
            static_cast<std::byte>(bits >> (8 * byte));
    }
  }
}

struct FormCase {
  TensorType type;
  Element element;
  Layout a, b;
  int columns, most;
};

const FormCase kForms[] = {
    {TensorType::bf16, silicon::kBf16, silicon::kPlain, silicon::kPlain, 64, 20},
    {TensorType::bf16, silicon::kBf16, silicon::kSwizzle32, silicon::kSwizzle64, 64, 20},
    {TensorType::bf16, silicon::kBf16, silicon::kSwizzle128, silicon::kSwizzle128, 8, 20},
    {TensorType::bf16, silicon::kBf16, silicon::kTransposed, silicon::kPlain, 64, 20},
    {TensorType::bf16, silicon::kBf16, silicon::kPlain, silicon::kTransposed, 64, 20},
    {TensorType::bf16, silicon::kBf16, silicon::kTransposed128, silicon::kTransposed128, 64, 20},
    {TensorType::f16, silicon::kF16, silicon::kPlain, silicon::kSwizzle128, 128, 20},
    {TensorType::tf32, silicon::kTf32, silicon::kSwizzle64, silicon::kPlain, 16, 20},
    {TensorType::e4m3, silicon::kE4m3, silicon::kPlain, silicon::kPlain, 64, 4},
    {TensorType::e5m2, silicon::kE5m2, silicon::kSwizzle32, silicon::kPlain, 64, 4},
    {TensorType::s8, silicon::kS8, silicon::kPlain, silicon::kSwizzle128, 32, 127},
};

/// Two instructions one after the other, into accumulators that begin with their own index.
TEST(TensorCores, WgmmaMultipliesWhatLiesWhereTheDescriptorsSay) {
  std::mt19937 draw(1);
  for (const FormCase& form : kForms) {
    constexpr int kSteps = 2;
    const int k = kSteps * kWgmmaBytesOfK / form.element.bytes, registers = form.columns / 2;
    const Matrix a = integers(draw, kWgmmaRows, k, form.most), b = integers(draw, form.columns, k, form.most);
    const std::uint32_t a_bytes = silicon::image_bytes(form.a, kWgmmaRows, kSteps),
                        b_bytes = silicon::image_bytes(form.b, form.columns, kSteps);
    std::vector<std::uint32_t> result(kMostThreadsPerGroup * static_cast<std::size_t>(registers));
    const WgmmaForm wgmma_form{form.type, form.type, form.columns, !form.a.k_major, !form.b.k_major};
    const auto begin = [&](std::uint32_t thread, int reg) {
      const float value = static_cast<float>(thread + static_cast<std::uint32_t>(reg));
      std::uint32_t bits = thread + static_cast<std::uint32_t>(reg);
      if (!is_integer(form.type)) std::memcpy(&bits, &value, sizeof(bits));
      return bits;
    };
    run(
        kMostThreadsPerGroup,
        [&] {
          auto* const shared = static_cast<std::byte*>(dynamic_shared());
          const std::uint32_t thread = place().thread_index.x;
          if (thread == 0) {
            lay_out(a, form.element, form.a, shared);
            lay_out(b, form.element, form.b, shared + a_bytes);
          }
          barrier(here());
          std::vector<std::uint32_t> d(static_cast<std::size_t>(registers));
          for (int i = 0; i < registers; ++i) d[static_cast<std::size_t>(i)] = begin(thread, i);
          wgmma_fence(here());
          for (std::uint32_t step = 0; step < kSteps; ++step) {
            wgmma(wgmma_form, d.data(),
                  descriptor(shared_address(shared) + silicon::step_offset(form.a, kWgmmaRows, step),
                             silicon::strides(form.a, kWgmmaRows)),
                  descriptor(
                      shared_address(shared + a_bytes) + silicon::step_offset(form.b, form.columns, step),
                      silicon::strides(form.b, form.columns)),
                  here());
          }
          EXPECT_NE(d[0], begin(thread, 0)) << "what is in flight is nobody's";
          wgmma_commit(here());
          wgmma_wait(here());
          std::copy(d.begin(), d.end(), result.begin() + static_cast<std::ptrdiff_t>(thread) * registers);
        },
        a_bytes + b_bytes);
    for (std::uint32_t thread = 0; thread < kMostThreadsPerGroup; ++thread) {
      for (int reg = 0; reg < registers; ++reg) {
        const int row = static_cast<int>(thread / 32 * 16 + thread % 32 / 4) + 8 * (reg / 2 % 2),
                  column = reg / 4 * 8 + static_cast<int>(thread % 4) * 2 + reg % 2;
        int sum = static_cast<int>(thread) + reg;
        for (int i = 0; i < k; ++i) sum += a.at(row, i) * b.at(column, i);
        const std::uint32_t bits =
            result[thread * static_cast<unsigned>(registers) + static_cast<unsigned>(reg)];
        float value = 0;
        std::memcpy(&value, &bits, sizeof(value));
        ASSERT_EQ(is_integer(form.type) ? static_cast<double>(static_cast<std::int32_t>(bits)) : value, sum)
            << form.element.name << " " << form.a.name << " " << form.b.name << " " << thread << " " << reg;
      }
    }
  }
}

/// One warp group whose threads do this between shared memory being filled with zeros and the end.
std::string error_of(const std::function<void(std::uint32_t* d, std::uint64_t descriptor)>& body) {
  try {
    run(
        kMostThreadsPerGroup,
        [&] {
          auto* const shared = static_cast<std::byte*>(dynamic_shared());
          if (place().thread_index.x == 0) std::memset(shared, 0, 4096);
          barrier(here());
          std::uint32_t d[32] = {};  // threads that are dropped free nothing
          body(d, descriptor(shared_address(shared), silicon::strides(silicon::kPlain, 64)));
        },
        4096);
  } catch (const KernelError& error) {
    return error.what();
  }
  return "";
}

const WgmmaForm kBf16Form{TensorType::bf16, TensorType::bf16, 64};

TEST(TensorCores, WgmmaIsHeldToItsRules) {
  const auto whole = [](std::uint32_t* d, std::uint64_t at) {
    wgmma_fence(here());
    wgmma(kBf16Form, d, at, at, here());
    wgmma_commit(here());
    wgmma_wait(here());
  };
  EXPECT_EQ(error_of(whole), "");
  EXPECT_NE(error_of([](std::uint32_t* d, std::uint64_t at) {
              wgmma(kBf16Form, d, at, at, here());
            }).find("without wgmma.fence"),
            std::string::npos);
  EXPECT_NE(error_of([](std::uint32_t* d, std::uint64_t at) {
              wgmma_fence(here());
              wgmma(kBf16Form, d, at, at, here());
              wgmma_wait(here());
            }).find("not committed"),
            std::string::npos);
  EXPECT_NE(error_of([](std::uint32_t* d, std::uint64_t at) {
              wgmma_fence(here());
              wgmma(kBf16Form, d, at, at, here());
              wgmma_commit(here());
            }).find("has not waited"),
            std::string::npos);
  EXPECT_NE(error_of([](std::uint32_t* d, std::uint64_t at) {
              wgmma_fence(here());
              wgmma(kBf16Form, d, at + (place().thread_index.x == 5 ? 2 : 0), at, here());
            }).find("different operands"),
            std::string::npos);
  EXPECT_NE(error_of([](std::uint32_t* d, std::uint64_t at) {
              wgmma_fence(here());
              wgmma(kBf16Form, d, at + (4096 >> 4), at, here());
              wgmma_commit(here());
              wgmma_wait(here());
            }).find("of which no object has"),
            std::string::npos)
      << "an operand that ends behind the block's shared memory";
  EXPECT_NE(error_of([](std::uint32_t* d, std::uint64_t at) {
              if (place().thread_index.x < 96) return;
              wgmma_fence(here());
              wgmma(kBf16Form, d, at, at, here());
            }).find("32 of the 128 threads from 0 on wait"),
            std::string::npos);
}

TEST(TensorCores, WgmmaReadsItsOperandsWhenItRuns) {
  float value = 1;
  error_of([&](std::uint32_t* d, std::uint64_t at) {
    wgmma_fence(here());
    wgmma(kBf16Form, d, at, at, here());
    wgmma_commit(here());
    auto* const shared = at_shared_address(0, 4096);  // too early: the operands are in use
    if (place().thread_index.x == 0) {
      for (int i = 0; i < 2048; ++i) reinterpret_cast<std::uint16_t*>(shared)[i] = 0x3f80;
    }
    barrier(here());
    wgmma_wait(here());
    if (place().thread_index.x == 0) std::memcpy(&value, d, sizeof(value));
  });
  EXPECT_EQ(value, 16) << "and not 0, as it would be where nothing was written over";
}

TEST(TensorCores, MmaPutsElementsWhereTheFragmentsHaveThem) {
  std::mt19937 draw(2);
  for (const FormCase& form : {kForms[0], kForms[6], kForms[7], kForms[10]}) {
    const int each = 4 / form.element.bytes, k = 8 * each;
    const Matrix a = integers(draw, 16, k, form.most), b = integers(draw, 8, k, form.most);
    std::vector<std::array<std::uint32_t, 4>> result(32);
    run(32, [&] {
      const int lane = static_cast<int>(place().thread_index.x), g = lane / 4, t = lane % 4;
      std::uint32_t of_a[4] = {}, of_b[2] = {}, d[4] = {};
      for (int i = 0; i < each; ++i) {
        const int shift = 8 * form.element.bytes * i % 32;
        const int low = t * each + i, high = low + 4 * each;
        of_a[0] |= silicon::encode(form.element, a.at(g, low)) << shift;
        of_a[1] |= silicon::encode(form.element, a.at(g + 8, low)) << shift;
        of_a[2] |= silicon::encode(form.element, a.at(g, high)) << shift;
        of_a[3] |= silicon::encode(form.element, a.at(g + 8, high)) << shift;
        of_b[0] |= silicon::encode(form.element, b.at(g, low)) << shift;
        of_b[1] |= silicon::encode(form.element, b.at(g, high)) << shift;
      }
      mma(form.type, form.type, of_a, of_b, d, here());
      std::copy(d, d + 4, result[static_cast<std::size_t>(lane)].begin());
    });
    for (int lane = 0; lane < 32; ++lane) {
      for (int reg = 0; reg < 4; ++reg) {
        int sum = 0;
        for (int i = 0; i < k; ++i)
          sum += a.at(lane / 4 + 8 * (reg / 2), i) * b.at(lane % 4 * 2 + reg % 2, i);
        float value = 0;
        const std::uint32_t bits = result[static_cast<std::size_t>(lane)][static_cast<std::size_t>(reg)];
        std::memcpy(&value, &bits, sizeof(value));
        ASSERT_EQ(is_integer(form.type) ? static_cast<double>(static_cast<std::int32_t>(bits)) : value, sum)
            << form.element.name << " " << lane << " " << reg;
      }
    }
  }
}

TEST(TensorCores, DoublesAreAChainOfFusedMultiplyAdds) {
  std::vector<std::array<double, 2>> result(32);
  const auto a = [](int row, int k) { return 1.0 + row * 0.1 + k * 0.01; };
  const auto b = [](int k, int column) { return 3.0 - column * 0.3 + k * 0.001; };
  run(32, [&] {
    const int lane = static_cast<int>(place().thread_index.x);
    double d[2] = {0.5, -0.5};
    mma_f64(a(lane / 4, lane % 4), b(lane % 4, lane / 4), d, here());
    std::copy(d, d + 2, result[static_cast<std::size_t>(lane)].begin());
  });
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 2; ++i) {
      double sum = i == 0 ? 0.5 : -0.5;
      for (int k = 0; k < 4; ++k) sum = std::fma(a(lane / 4, k), b(k, lane % 4 * 2 + i), sum);
      EXPECT_EQ(result[static_cast<std::size_t>(lane)][static_cast<std::size_t>(i)], sum);
    }
  }
}

}  // namespace
}  // namespace assay::cuda_emulation
