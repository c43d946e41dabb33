#include "suites/stress/full_load.h"

#include "suites/products.h"

namespace assay {
namespace {

/// Operands, results, and what the library works with.
constexpr double kHeldBytes = 2e9;

}  // namespace

std::unique_ptr<compute::LibraryGemm> full_load(Context& context, Datapath type) {
  return compute::make_library_gemm(context.gpu(), context.cublaslt(), type, kProductData);
}

double seconds_to_load_fully(const DeviceSpeed& speed) {
  return speed.seconds_to_hold(kHeldBytes);
}

}  // namespace assay
