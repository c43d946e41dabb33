// The stand-in for cuBLASLt through its ABI: what it refuses, as the real one's documentation says, and what
// it computes. Where the real one is on the machine, both are asked what it answers without a GPU.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/node/cublaslt_abi.h"
#include "harness/node_real/real_backend.h"
#include "harness/node_sim/cuda_emulation/runtime.h"
#include "harness/node_sim/sim_device_fixture.h"
#include "harness/node_sim/simulated_backend.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace assay::cublaslt {
namespace {

/// The real library keeps 192 bytes of a cublasLtCreate() that fails for lack of a GPU.
struct LeaksOfTheRealOne {
#if defined(__SANITIZE_ADDRESS__)
  LeaksOfTheRealOne() {
    __lsan_disable();
  }
  ~LeaksOfTheRealOne() {
    __lsan_enable();
  }
#else
  LeaksOfTheRealOne() {}
#endif
};

template <typename Function>
Function* find(const Library& library, const char* name) {
  return reinterpret_cast<Function*>(library.symbol(name));
}
#define ASSAY_CALL(function) find<decltype(function)>(*library, #function)

struct Matrices {
  DataType operands, result;
  std::uint64_t m = 64, n = 32, k = 128;
  std::int64_t leading_a = 128, leading_b = 128, leading_d = 64;
  Operation of_a = Operation::transpose, of_b = Operation::none;
  DataType type_of_b = operands;
};

/// Everything that a call of cublasLtMatmul needs, made as a client makes it.
struct Setting {
  Setting(const Library& opened, ComputeType compute, DataType scale, const Matrices& matrices)
      : library(&opened) {
    EXPECT_EQ(ASSAY_CALL(cublasLtCreate)(&handle), Status::success);
    EXPECT_EQ(ASSAY_CALL(cublasLtMatmulDescCreate)(&descriptor, compute, scale), Status::success);
    set(MatmulAttribute::transpose_a, matrices.of_a);
    set(MatmulAttribute::transpose_b, matrices.of_b);
    const bool across_a = matrices.of_a == Operation::transpose,
               across_b = matrices.of_b == Operation::transpose;
    layout(a, matrices.operands, across_a ? matrices.k : matrices.m, across_a ? matrices.m : matrices.k,
           matrices.leading_a);
    layout(b, matrices.type_of_b, across_b ? matrices.n : matrices.k, across_b ? matrices.k : matrices.n,
           matrices.leading_b);
    layout(d, matrices.result, matrices.m, matrices.n, matrices.leading_d);
    EXPECT_EQ(ASSAY_CALL(cublasLtMatmulPreferenceCreate)(&preference), Status::success);
    prefer(PreferenceAttribute::max_workspace_bytes, std::uint64_t{32 << 20});
  }
  ~Setting() {
    ASSAY_CALL(cublasLtMatmulPreferenceDestroy)(preference);
    for (const MatrixLayout one : {a, b, d}) ASSAY_CALL(cublasLtMatrixLayoutDestroy)(one);
    ASSAY_CALL(cublasLtMatmulDescDestroy)(descriptor);
    ASSAY_CALL(cublasLtDestroy)(handle);
  }

  template <typename Value>
  Status set(MatmulAttribute attribute, Value value) {
    return ASSAY_CALL(cublasLtMatmulDescSetAttribute)(descriptor, attribute, &value, sizeof(value));
  }
  template <typename Value>
  Status prefer(PreferenceAttribute attribute, Value value) {
    return ASSAY_CALL(cublasLtMatmulPreferenceSetAttribute)(preference, attribute, &value, sizeof(value));
  }
  void layout(MatrixLayout& made, DataType type, std::uint64_t rows, std::uint64_t columns,
              std::int64_t leading) {
    EXPECT_EQ(ASSAY_CALL(cublasLtMatrixLayoutCreate)(&made, type, rows, columns, leading), Status::success);
  }
  Status propose() {
    int returned = 0;
    const Status status = ASSAY_CALL(cublasLtMatmulAlgoGetHeuristic)(handle, descriptor, a, b, d, d,
                                                                     preference, 8, results, &returned);
    results_there = returned;
    return status;
  }
  Status multiply(const void* alpha, const void* of_a, const void* of_b, void* of_d, void* workspace,
                  std::size_t workspace_bytes) {
    constexpr unsigned char kZero[8] = {};
    return ASSAY_CALL(cublasLtMatmul)(handle, descriptor, alpha, of_a, a, of_b, b, kZero, of_d, d, of_d, d,
                                      &results[0].algorithm, workspace, workspace_bytes, nullptr);
  }

  const Library* library;
  Handle handle = nullptr;
  MatmulDescriptor descriptor = nullptr;
  MatrixLayout a = nullptr, b = nullptr, d = nullptr;
  Preference preference = nullptr;
  HeuristicResult results[8] = {};
  int results_there = 0;
};

class CublasLtLibrary : public sim::SimDeviceTest {
 protected:
  CublasLtLibrary() : device_(open()) {
    std::string why_not;
    library_ = sim::open_simulated_cublaslt(why_not);
    EXPECT_NE(library_, nullptr) << why_not;
  }
  Status proposed(ComputeType compute, DataType scale, const Matrices& matrices) {
    return Setting(*library_, compute, scale, matrices).propose();
  }
  void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    EXPECT_EQ(cuda_emulation::cudaMalloc(&memory, bytes), cuda_emulation::cudaSuccess);
    return memory;
  }

  std::unique_ptr<sim::SimDevice> device_;
  std::unique_ptr<Library> library_;
};

TEST_F(CublasLtLibrary, SaysThatItIsNone) {
  EXPECT_TRUE(library_->is_stand_in());
}

TEST_F(CublasLtLibrary, MultipliesWhatTheTablesHave) {
  using D = DataType;
  EXPECT_EQ(proposed(ComputeType::f32, D::f32, {D::bf16, D::bf16}), Status::success);
  EXPECT_EQ(proposed(ComputeType::f32, D::f32, {D::bf16, D::f32}), Status::success);
  EXPECT_EQ(proposed(ComputeType::f32, D::f32, {D::f16, D::f16}), Status::success);
  EXPECT_EQ(proposed(ComputeType::fast_tf32, D::f32, {D::f32, D::f32}), Status::success);
  EXPECT_EQ(proposed(ComputeType::f64, D::f64, {D::f64, D::f64}), Status::success);
  EXPECT_EQ(proposed(ComputeType::s32, D::s32, {D::s8, D::s32}), Status::success);
  EXPECT_EQ(proposed(ComputeType::f32, D::f32, {D::e4m3, D::bf16}), Status::success);
  Matrices mixed{D::e4m3, D::bf16};
  mixed.type_of_b = D::e5m2;
  EXPECT_EQ(proposed(ComputeType::f32, D::f32, mixed), Status::success);
}

TEST_F(CublasLtLibrary, RefusesOtherCombinationsOfTypes) {
  using D = DataType;
  for (const auto& [compute, scale, operands, result] :
       {std::tuple{ComputeType::f32, D::f32, D::e5m2, D::bf16},
        {ComputeType::f32, D::bf16, D::bf16, D::bf16},
        {ComputeType::s32, D::f32, D::s8, D::s32},
        {ComputeType::s32, D::s32, D::s8, D::bf16},
        {ComputeType::f32, D::f32, D::f64, D::f64},
        {ComputeType::fast_tf32, D::f32, D::bf16, D::bf16},
        {ComputeType::f32, D::f32, D::bf16, D::f16},
        {ComputeType::f64, D::f32, D::f64, D::f64}}) {
    EXPECT_EQ(proposed(compute, scale, {operands, result}), Status::not_supported)
        << static_cast<int>(compute) << " " << static_cast<int>(operands) << " " << static_cast<int>(result);
  }
}

TEST_F(CublasLtLibrary, RefusesShapesThatDoNotFit) {
  Matrices matrices{DataType::bf16, DataType::bf16};
  matrices.leading_a = 127;
  EXPECT_EQ(proposed(ComputeType::f32, DataType::f32, matrices), Status::invalid_value);
  matrices = {DataType::bf16, DataType::bf16};
  matrices.of_a = Operation::none;
  matrices.leading_a = 64;
  EXPECT_EQ(proposed(ComputeType::f32, DataType::f32, matrices), Status::success) << "no rule against it";
  Setting setting(*library_, ComputeType::f32, DataType::f32, {DataType::bf16, DataType::bf16});
  setting.set(MatmulAttribute::transpose_a, Operation::none);
  EXPECT_EQ(setting.propose(), Status::invalid_value) << "A is k x m still";
}

TEST_F(CublasLtLibrary, NarrowTypesHaveRulesOfTheirOwn) {
  const auto changed = [](DataType operands, DataType result, const std::function<void(Matrices&)>& change) {
    Matrices matrices{operands, result};
    change(matrices);
    return matrices;
  };
  for (const auto& [compute, scale, operands, result] :
       {std::tuple{ComputeType::f32, DataType::f32, DataType::e4m3, DataType::bf16},
        {ComputeType::s32, DataType::s32, DataType::s8, DataType::s32}}) {
    EXPECT_EQ(proposed(compute, scale,
                       changed(operands, result,
                               [](Matrices& m) {
                                 m.of_a = Operation::none;
                                 m.leading_a = 64;
                               })),
              Status::not_supported)
        << "not along K";
    EXPECT_EQ(proposed(compute, scale, changed(operands, result, [](Matrices& m) { m.leading_b = 130; })),
              Status::not_supported);
    EXPECT_EQ(proposed(compute, scale, changed(operands, result, [](Matrices& m) { m.k = 122; })),
              Status::not_supported);
    EXPECT_EQ(proposed(compute, scale, changed(operands, result, [](Matrices& m) { m.m = 62; })),
              Status::not_supported);
  }
  Setting setting(*library_, ComputeType::f32, DataType::f32, {DataType::bf16, DataType::bf16});
  setting.set(MatmulAttribute::a_scale, static_cast<const void*>(&setting));
  EXPECT_EQ(setting.propose(), Status::invalid_value) << "a scale, and no narrow type";
}

TEST_F(CublasLtLibrary, AttributesHaveASize) {
  Setting setting(*library_, ComputeType::f32, DataType::f32, {DataType::e4m3, DataType::bf16});
  EXPECT_EQ(setting.set(MatmulAttribute::fast_accumulation, std::int8_t{1}), Status::success);
  EXPECT_EQ(setting.set(MatmulAttribute::fast_accumulation, std::int32_t{1}), Status::invalid_value);
  EXPECT_EQ(setting.set(static_cast<MatmulAttribute>(99), std::int32_t{1}), Status::invalid_value);
  EXPECT_EQ(setting.prefer(PreferenceAttribute::max_workspace_bytes, std::uint32_t{1}),
            Status::invalid_value);
}

TEST_F(CublasLtLibrary, ProposesNothingBeyondWhatIsPreferred) {
  Setting setting(*library_, ComputeType::f32, DataType::f32, {DataType::bf16, DataType::bf16});
  const auto setting_of =
      find<decltype(cublasLtMatmulAlgoConfigGetAttribute)>(*library_, "cublasLtMatmulAlgoConfigGetAttribute");
  const auto count_of_split = [&] {
    int split = 0;
    for (int i = 0; i < setting.results_there; ++i) {
      std::int32_t parts = 0;
      std::size_t written = 0;
      EXPECT_EQ(setting_of(&setting.results[i].algorithm, AlgorithmSetting::split_k, &parts, sizeof(parts),
                           &written),
                Status::success);
      split += parts > 1 ? 1 : 0;
    }
    return split;
  };
  EXPECT_EQ(setting.propose(), Status::success);
  EXPECT_GT(count_of_split(), 0);
  setting.prefer(PreferenceAttribute::reduction_scheme_mask, kNoReduction);
  EXPECT_EQ(setting.propose(), Status::success);
  EXPECT_EQ(count_of_split(), 0);
  setting.prefer(PreferenceAttribute::max_workspace_bytes, std::uint64_t{0});
  EXPECT_EQ(setting.propose(), Status::success);
  for (int i = 0; i < setting.results_there; ++i) EXPECT_EQ(setting.results[i].workspace_bytes, 0u);
}

TEST_F(CublasLtLibrary, AProductIsRefusedWhatItCannotWorkWith) {
  Setting setting(*library_, ComputeType::f32, DataType::f32, {DataType::bf16, DataType::bf16});
  ASSERT_EQ(setting.propose(), Status::success);
  void *const a = allocate(64 * 128 * 2), *const b = allocate(32 * 128 * 2), *const d = allocate(64 * 32 * 2);
  const std::size_t bytes = setting.results[0].workspace_bytes;
  ASSERT_GT(bytes, 0u);
  void* const workspace = allocate(bytes);
  const float one = 1;
  const auto with = [&](void* of_d, void* place, std::size_t size) {
    return setting.multiply(&one, a, b, of_d, place, size);
  };
  EXPECT_EQ(with(d, workspace, bytes), Status::success);
  EXPECT_EQ(with(d, workspace, bytes - 1), Status::invalid_value);
  EXPECT_EQ(with(d, nullptr, bytes), Status::invalid_value);
  EXPECT_EQ(with(d, static_cast<char*>(workspace) + 16, bytes), Status::invalid_value);
  EXPECT_EQ(with(nullptr, workspace, bytes), Status::invalid_value);
  EXPECT_EQ(with(static_cast<char*>(d) + 1, workspace, bytes), Status::not_supported);
  setting.results[0].algorithm.data[0] ^= 1;
  EXPECT_EQ(with(d, workspace, bytes), Status::not_supported) << "an algorithm of nobody's";
}

TEST_F(CublasLtLibrary, AnAlgorithmOfOtherTypesIsRefused) {
  Setting halves(*library_, ComputeType::f32, DataType::f32, {DataType::f16, DataType::f16});
  Setting floats(*library_, ComputeType::f32, DataType::f32, {DataType::bf16, DataType::bf16});
  ASSERT_EQ(halves.propose(), Status::success);
  HeuristicResult result{};
  const auto check = find<decltype(cublasLtMatmulAlgoCheck)>(*library_, "cublasLtMatmulAlgoCheck");
  EXPECT_EQ(check(floats.handle, floats.descriptor, floats.a, floats.b, floats.d, floats.d,
                  &halves.results[0].algorithm, &result),
            Status::not_supported);
}

TEST_F(CublasLtLibrary, AScaleOfTheWrongTypeShowsInTheProduct) {
  Setting setting(*library_, ComputeType::s32, DataType::s32, {DataType::s8, DataType::s32});
  ASSERT_EQ(setting.propose(), Status::success);
  auto* const a = static_cast<signed char*>(allocate(64 * 128));
  auto* const b = static_cast<signed char*>(allocate(32 * 128));
  auto* const d = static_cast<std::int32_t*>(allocate(64 * 32 * 4));
  std::memset(a, 3, 64 * 128);
  std::memset(b, -2, 32 * 128);
  void* const workspace = allocate(setting.results[0].workspace_bytes);
  const auto multiply = [&](const void* alpha) {
    return setting.multiply(alpha, a, b, d, workspace, setting.results[0].workspace_bytes);
  };
  const std::int32_t one = 1;
  EXPECT_EQ(multiply(&one), Status::success);
  EXPECT_EQ(d[0], -768);
  EXPECT_EQ(d[64 * 32 - 1], -768);
  const float one_as_a_float = 1;
  EXPECT_EQ(multiply(&one_as_a_float), Status::success);
  EXPECT_NE(d[0], -768) << "the bits of a float are another integer";
}

TEST_F(CublasLtLibrary, LeadingDimensionsLeaveGapsAlone) {
  Matrices matrices{DataType::f64, DataType::f64, 5, 3, 4};
  matrices.leading_a = 6;
  matrices.leading_b = 4;
  matrices.leading_d = 8;
  Setting setting(*library_, ComputeType::f64, DataType::f64, matrices);
  ASSERT_EQ(setting.propose(), Status::success);
  auto* const a = static_cast<double*>(allocate(6 * 5 * 8));
  auto* const b = static_cast<double*>(allocate(4 * 3 * 8));
  auto* const d = static_cast<double*>(allocate(8 * 3 * 8));
  for (int i = 0; i < 30; ++i) a[i] = i;
  for (int i = 0; i < 12; ++i) b[i] = i % 4 == 2 ? 1 : 0;
  for (int i = 0; i < 24; ++i) d[i] = -1;
  void* const workspace = allocate(setting.results[0].workspace_bytes);
  const double two = 2;
  ASSERT_EQ(setting.multiply(&two, a, b, d, workspace, setting.results[0].workspace_bytes), Status::success);
  for (int column = 0; column < 3; ++column) {
    for (int row = 0; row < 8; ++row)
      EXPECT_EQ(d[column * 8 + row], row < 5 ? 2 * (row * 6 + 2) : -1) << row << " " << column;
  }
}

TEST_F(CublasLtLibrary, AHandleBelongsToItsDevice) {
  Setting setting(*library_, ComputeType::f32, DataType::f32, {DataType::bf16, DataType::bf16});
  device_.reset();
  EXPECT_EQ(setting.propose(), Status::invalid_value);
  Handle handle = nullptr;
  EXPECT_EQ(find<decltype(cublasLtCreate)>(*library_, "cublasLtCreate")(&handle), Status::not_initialized);
}

/// The same calls, of both libraries.
TEST_F(CublasLtLibrary, AnswersAsTheRealOneWithoutAGpu) {
  std::string why_not;
  library_.reset();  // both have one soname: the loader would take this one for the other
  const auto real = open_real_cublaslt(why_not);
  if (real == nullptr) GTEST_SKIP() << "no cuBLASLt on this machine: " << why_not;
  library_ = sim::open_simulated_cublaslt(why_not);
  device_.reset();
  for (const Library* library :
       {static_cast<const Library*>(real.get()), static_cast<const Library*>(library_.get())}) {
    EXPECT_EQ(ASSAY_CALL(cublasLtGetVersion)() / 10000, 13u);
    Handle handle = nullptr;
    {
      const LeaksOfTheRealOne known;
      EXPECT_EQ(ASSAY_CALL(cublasLtCreate)(&handle), Status::not_initialized);
    }
    MatmulDescriptor descriptor = nullptr;
    ASSERT_EQ(ASSAY_CALL(cublasLtMatmulDescCreate)(&descriptor, ComputeType::f32, DataType::f32),
              Status::success);
    const auto set = [&](MatmulAttribute attribute, std::size_t bytes) {
      const std::uint64_t zero = 0;
      return ASSAY_CALL(cublasLtMatmulDescSetAttribute)(descriptor, attribute, &zero, bytes);
    };
    for (const auto& [attribute, bytes] : {std::pair{MatmulAttribute::transpose_a, 4u},
                                           {MatmulAttribute::transpose_b, 4u},
                                           {MatmulAttribute::a_scale, 8u},
                                           {MatmulAttribute::b_scale, 8u},
                                           {MatmulAttribute::d_scale, 8u},
                                           {MatmulAttribute::amax_d, 8u},
                                           {MatmulAttribute::fast_accumulation, 1u}}) {
      EXPECT_EQ(set(attribute, bytes), Status::success) << static_cast<int>(attribute);
      EXPECT_EQ(set(attribute, 2 * bytes), Status::invalid_value) << static_cast<int>(attribute);
    }
    MatrixLayout layout = nullptr;
    ASSERT_EQ(ASSAY_CALL(cublasLtMatrixLayoutCreate)(&layout, DataType::e4m3, 64, 32, 64), Status::success);
    Preference preference = nullptr;
    ASSERT_EQ(ASSAY_CALL(cublasLtMatmulPreferenceCreate)(&preference), Status::success);
    const auto prefer = [&](PreferenceAttribute attribute, std::size_t bytes) {
      const std::uint64_t value = 256;
      return ASSAY_CALL(cublasLtMatmulPreferenceSetAttribute)(preference, attribute, &value, bytes);
    };
    EXPECT_EQ(prefer(PreferenceAttribute::max_workspace_bytes, 8), Status::success);
    EXPECT_EQ(prefer(PreferenceAttribute::max_workspace_bytes, 4), Status::invalid_value);
    EXPECT_EQ(prefer(PreferenceAttribute::min_alignment_d, 4), Status::success);
    EXPECT_EQ(ASSAY_CALL(cublasLtMatmulPreferenceDestroy)(preference), Status::success);
    EXPECT_EQ(ASSAY_CALL(cublasLtMatrixLayoutDestroy)(layout), Status::success);
    EXPECT_EQ(ASSAY_CALL(cublasLtMatmulDescDestroy)(descriptor), Status::success);
  }
}

}  // namespace
}  // namespace assay::cublaslt
