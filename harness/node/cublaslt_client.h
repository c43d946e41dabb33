// NVIDIA's library of matrix products (cuBLASLt), opened by path at run time: the client of real and of
// simulated nodes alike. Its calls work on the calling thread's current device.
//
// All products are D = A' B with both operands stored along K, which every datatype allows and fp8 and int8
// demand: A is k x m, B is k x n, D is m x n, all column by column and without gaps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "harness/model/datapath.h"
#include "harness/node/library.h"

namespace assay {

inline constexpr const char* kCublasLtLibrary = "libcublasLt.so.13";

struct GemmSize {
  std::uint64_t m, n, k;
};

/// How the library is to compute a product: plain bytes, which another device of the same make can be given
/// too, so that all compute alike. Good for one version of the library.
using GemmAlgorithm = std::array<std::uint64_t, 8>;

/// A product of one datatype and size on one device. Not to outlive its client.
class Gemm {
 public:
  virtual ~Gemm() = default;
  /// What the library takes for the fastest that does not split K over blocks: their sums would be added up
  /// in an order that is nobody's. Throws DeviceError.
  virtual GemmAlgorithm propose() = 0;
  /// Computes by it from now on. Throws DeviceError where the library refuses it here.
  virtual void use(const GemmAlgorithm& algorithm) = 0;
  /// Of the algorithm in use.
  virtual std::size_t workspace_bytes() const = 0;
  /// Queues one product on `stream` (a cudaStream_t). All memory is the device's, aligned to 256 bytes.
  /// Throws DeviceError.
  virtual void multiply(const void* a, const void* b, void* d, void* workspace, void* stream) = 0;
};

/// Bytes of an element of A and B.
unsigned gemm_operand_bytes(Datapath type);
/// Bytes of an element of D: bf16's and fp16's as the operands', int8's four, of the others' floats four and
/// doubles eight; e4m3's is a bf16.
unsigned gemm_result_bytes(Datapath type);

class CublasLt {
 public:
  /// Null, and the reason in `why_not`, where it is not cuBLASLt.
  static std::unique_ptr<CublasLt> open(std::unique_ptr<Library> library, std::string& why_not);
  ~CublasLt();
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  /// "13.1.0".
  std::string version() const;
  /// The file that was opened.
  const std::string& file() const;

  /// `type`: tensor_bf16, tensor_fp16, tensor_tf32, tensor_e4m3, tensor_int8 or tensor_fp64, else
  /// std::invalid_argument. Throws DeviceError.
  std::unique_ptr<Gemm> make_gemm(Datapath type, const GemmSize& size) const;

  struct Functions;

 private:
  CublasLt(std::unique_ptr<Library> library, std::unique_ptr<Functions> functions);
  std::unique_ptr<Library> library_;
  std::unique_ptr<Functions> functions_;
};

}  // namespace assay
