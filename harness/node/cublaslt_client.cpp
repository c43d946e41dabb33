#include "harness/node/cublaslt_client.h"

#include <cstring>
#include <stdexcept>
#include <utility>

#include "harness/model/finding_codes.h"
#include "harness/node/cublaslt_abi.h"
#include "harness/node/gpu.h"

namespace assay {
namespace {

using cublaslt::bytes_of;
using cublaslt::ComputeType;
using cublaslt::DataType;
using cublaslt::MatmulAttribute;
using cublaslt::PreferenceAttribute;
using cublaslt::Status;

/// What cuBLAS recommends on Hopper (cuBLAS library documentation, cublasSetWorkspace).
constexpr std::size_t kMostWorkspaceBytes = 32 << 20;
constexpr int kProposals = 16;
/// 130100 is 13.1.0.
constexpr std::size_t kMajor = 10000, kMinor = 100, kKnownMajor = 13;

struct Types {
  ComputeType compute;
  DataType scale, operands, result;
};

/// Combinations that cublasLtMatmul supports (cuBLAS library documentation, tables of cublasLtMatmul).
Types types_of(Datapath type) {
  switch (type) {
    case Datapath::tensor_bf16:
      return {ComputeType::f32, DataType::f32, DataType::bf16, DataType::bf16};
    case Datapath::tensor_fp16:
      return {ComputeType::f32, DataType::f32, DataType::f16, DataType::f16};
    case Datapath::tensor_tf32:
      return {ComputeType::fast_tf32, DataType::f32, DataType::f32, DataType::f32};
    case Datapath::tensor_e4m3:
      return {ComputeType::f32, DataType::f32, DataType::e4m3, DataType::bf16};
    case Datapath::tensor_int8:
      return {ComputeType::s32, DataType::s32, DataType::s8, DataType::s32};
    case Datapath::tensor_fp64:
      return {ComputeType::f64, DataType::f64, DataType::f64, DataType::f64};
    default:
      throw std::invalid_argument("cuBLASLt multiplies no " + std::string(name_of(type)));
  }
}

/// 1 and 0 in the scale type: that of sums of integers is an integer.
struct Factors {
  unsigned char one[8] = {}, zero[8] = {};
  explicit Factors(DataType type) {
    const auto set = [&](auto value) { std::memcpy(one, &value, sizeof(value)); };
    if (type == DataType::f64) {
      set(1.0);
    } else if (type == DataType::s32) {
      set(std::int32_t{1});
    } else {
      set(1.0F);
    }
  }
};

}  // namespace

struct CublasLt::Functions : LibraryFunctions {
  using LibraryFunctions::LibraryFunctions;

// NOLINTBEGIN(bugprone-macro-parentheses): a member's name can stand in none.
#define ASSAY_CUBLASLT(member, symbol) \
  decltype(&cublaslt::symbol) member = find<decltype(&cublaslt::symbol)>(#symbol)
  // NOLINTEND(bugprone-macro-parentheses)
  ASSAY_CUBLASLT(version, cublasLtGetVersion);
  ASSAY_CUBLASLT(status_string, cublasLtGetStatusString);
  ASSAY_CUBLASLT(create, cublasLtCreate);
  ASSAY_CUBLASLT(destroy, cublasLtDestroy);
  ASSAY_CUBLASLT(create_matmul, cublasLtMatmulDescCreate);
  ASSAY_CUBLASLT(destroy_matmul, cublasLtMatmulDescDestroy);
  ASSAY_CUBLASLT(set_matmul, cublasLtMatmulDescSetAttribute);
  ASSAY_CUBLASLT(create_layout, cublasLtMatrixLayoutCreate);
  ASSAY_CUBLASLT(destroy_layout, cublasLtMatrixLayoutDestroy);
  ASSAY_CUBLASLT(create_preference, cublasLtMatmulPreferenceCreate);
  ASSAY_CUBLASLT(destroy_preference, cublasLtMatmulPreferenceDestroy);
  ASSAY_CUBLASLT(set_preference, cublasLtMatmulPreferenceSetAttribute);
  ASSAY_CUBLASLT(propose, cublasLtMatmulAlgoGetHeuristic);
  ASSAY_CUBLASLT(check, cublasLtMatmulAlgoCheck);
  ASSAY_CUBLASLT(setting_of, cublasLtMatmulAlgoConfigGetAttribute);
  ASSAY_CUBLASLT(multiply, cublasLtMatmul);
#undef ASSAY_CUBLASLT

  /// Throws DeviceError.
  void require(Status status, const std::string& what) const {
    if (status == Status::success) return;
    throw DeviceError(codes::device_call, "cuBLASLt: " + what + ": " + status_string(status));
  }
};

namespace {

/// An object of the library's.
template <typename Object>
class Owned {
 public:
  Owned(Object object, Status (*destroy)(Object)) : object_(object), destroy_(destroy) {}
  ~Owned() { destroy_(object_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  operator Object() const { return object_; }

 private:
  Object object_;
  Status (*destroy_)(Object);
};

class CublasLtGemm final : public Gemm {
 public:
  CublasLtGemm(const CublasLt::Functions& api, const Types& types, const GemmSize& size)
      : api_(api),
        factors_(types.scale),
        handle_(made<cublaslt::Handle>("create", api.create), api.destroy),
        descriptor_(
            made<cublaslt::MatmulDescriptor>("descriptor", api.create_matmul, types.compute, types.scale),
            api.destroy_matmul),
        a_(layout(types.operands, size.k, size.m), api.destroy_layout),
        b_(layout(types.operands, size.k, size.n), api.destroy_layout),
        d_(layout(types.result, size.m, size.n), api.destroy_layout) {
    set(MatmulAttribute::transpose_a, cublaslt::Operation::transpose);
    set(MatmulAttribute::transpose_b, cublaslt::Operation::none);
    if (types.operands == DataType::e4m3) set(MatmulAttribute::fast_accumulation, std::int8_t{1});
  }

  GemmAlgorithm propose() override {
    const Owned<cublaslt::Preference> preference(
        made<cublaslt::Preference>("preference", api_.create_preference), api_.destroy_preference);
    const auto prefer = [&](PreferenceAttribute attribute, auto value) {
      api_.require(api_.set_preference(preference, attribute, &value, sizeof(value)), "preference");
    };
    prefer(PreferenceAttribute::max_workspace_bytes, std::uint64_t{kMostWorkspaceBytes});
    cublaslt::HeuristicResult results[kProposals] = {};
    for (const std::uint32_t reductions : {cublaslt::kNoReduction, cublaslt::kAnyReduction}) {
      prefer(PreferenceAttribute::reduction_scheme_mask, reductions);
      int returned = 0;
      const Status status =
          api_.propose(handle_, descriptor_, a_, b_, d_, d_, preference, kProposals, results, &returned);
      if (reductions == cublaslt::kAnyReduction) api_.require(status, "algorithms");
      if (status != Status::success) continue;
      for (int i = 0; i < returned; ++i) {
        if (results[i].state == Status::success && !splits_k(results[i].algorithm))
          return plain(results[i].algorithm);
      }
    }
    throw DeviceError(codes::device_call, "cuBLASLt proposes no algorithm");
  }

  void use(const GemmAlgorithm& algorithm) override {
    std::memcpy(&algorithm_, algorithm.data(), sizeof(algorithm_));
    cublaslt::HeuristicResult result{};
    api_.require(api_.check(handle_, descriptor_, a_, b_, d_, d_, &algorithm_, &result), "algorithm");
    api_.require(result.state, "algorithm");
    workspace_bytes_ = result.workspace_bytes;
  }

  std::size_t workspace_bytes() const override { return workspace_bytes_; }

  void multiply(const void* a, const void* b, void* d, void* workspace, void* stream) override {
    api_.require(api_.multiply(handle_, descriptor_, factors_.one, a, a_, b, b_, factors_.zero, d, d_, d, d_,
                               &algorithm_, workspace, workspace_bytes_, stream),
                 "product");
  }

 private:
  template <typename Object, typename Create, typename... Arguments>
  Object made(const char* what, Create create, Arguments... arguments) {
    Object object = nullptr;
    api_.require(create(&object, arguments...), what);
    return object;
  }
  cublaslt::MatrixLayout layout(DataType type, std::uint64_t rows, std::uint64_t columns) {
    return made<cublaslt::MatrixLayout>("layout", api_.create_layout, type, rows, columns,
                                        static_cast<std::int64_t>(rows));
  }
  template <typename Value>
  void set(MatmulAttribute attribute, Value value) {
    api_.require(api_.set_matmul(descriptor_, attribute, &value, sizeof(value)), "attribute");
  }
  bool splits_k(const cublaslt::Algorithm& algorithm) const {
    std::int32_t parts = 0;
    std::size_t written = 0;
    api_.require(
        api_.setting_of(&algorithm, cublaslt::AlgorithmSetting::split_k, &parts, sizeof(parts), &written),
        "setting of an algorithm");
    return parts > 1;
  }
  static GemmAlgorithm plain(const cublaslt::Algorithm& algorithm) {
    GemmAlgorithm bytes;
    static_assert(sizeof(bytes) == sizeof(algorithm));
    std::memcpy(bytes.data(), &algorithm, sizeof(bytes));
    return bytes;
  }

  const CublasLt::Functions& api_;
  Factors factors_;
  Owned<cublaslt::Handle> handle_;
  Owned<cublaslt::MatmulDescriptor> descriptor_;
  Owned<cublaslt::MatrixLayout> a_, b_, d_;
  cublaslt::Algorithm algorithm_{};
  std::size_t workspace_bytes_ = 0;
};

}  // namespace

unsigned gemm_operand_bytes(Datapath type) {
  return bytes_of(types_of(type).operands);
}

unsigned gemm_result_bytes(Datapath type) {
  return bytes_of(types_of(type).result);
}

std::unique_ptr<CublasLt> CublasLt::open(std::unique_ptr<Library> library, std::string& why_not) {
  auto functions = std::make_unique<Functions>(*library);
  if (!functions->missing.empty()) {
    why_not = library->file() + " is not cuBLASLt: it lacks " + functions->missing;
    return nullptr;
  }
  if (const std::size_t major = functions->version() / kMajor; major != kKnownMajor) {
    why_not = library->file() + " is cuBLASLt " + std::to_string(major) + ", not 13";
    return nullptr;
  }
  return std::unique_ptr<CublasLt>(new CublasLt(std::move(library), std::move(functions)));
}

CublasLt::CublasLt(std::unique_ptr<Library> library, std::unique_ptr<Functions> functions)
    : library_(std::move(library)), functions_(std::move(functions)) {}

CublasLt::~CublasLt() = default;

std::string CublasLt::version() const {
  const std::size_t number = functions_->version();
  return std::to_string(number / kMajor) + "." + std::to_string(number / kMinor % kMinor) + "." +
         std::to_string(number % kMinor);
}

const std::string& CublasLt::file() const {
  return library_->file();
}

std::unique_ptr<Gemm> CublasLt::make_gemm(Datapath type, const GemmSize& size) const {
  return std::make_unique<CublasLtGemm>(*functions_, types_of(type), size);
}

}  // namespace assay
