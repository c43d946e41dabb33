// Every GPU steady at its power limit: NVIDIA's own matrix products on random data, each of them looked at.
// What the node's sensors say meanwhile is telemetry of this check's steps, and has limits of its own
// (`during = "stress.power"`). A profile lets it overlap with a check that works at the memory: then the
// memory is as hot as the core.
#include <algorithm>

#include "harness/check.h"
#include "harness/model/values.h"
#include "kernels/library_gemm/library_gemm.h"
#include "suites/products.h"

namespace assay {
namespace {

/// At random data it draws as much as any other type (reports/evidence/2026-11-26-h200-2,
/// tensor-power.jsonl).
constexpr Datapath kType = Datapath::tensor_bf16;

/// Operands, results, and what the library works with.
constexpr double kHeldBytes = 2e9;

void run(Context& context) {
  const CublasLt& library = context.cublaslt();
  const auto gemm = compute::make_library_gemm(context.gpu(), library, kType, kProductData);
  const std::uint64_t products = multiply_and_emit(context, *gemm, gemm->propose());
  context.measure("library_version", library.version());
  context.evidence("library", {{"file", library.file()}, {"products", products}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double least_s = kFewestProducts * speed.seconds(compute::work_of_product(kType));
  return speed.seconds_to_hold(kHeldBytes) + std::max(duration_s, least_s);
}

const Registered stress_power{{
    .name = "stress.power",
    .summary =
        "At full load each GPU stays at its power limit, as fast as its peers do at the same power, and "
        "computes what it did before",
    .scope = Scope::gpu,
    .measures =
        {
            {"rate", Unit::tflop_per_s,
             "operations over device time, of bf16 products that nobody looks at, in batches between those "
             "that are looked at: median over the second half of the duration",
             ""},
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"digest", Unit::text, "of the product", "", false},
            {"library_version", Unit::text, "of cuBLASLt", "", false},
            {"checked_share", Unit::ratio, "of that rate, what is left where each product is looked at", "",
             false},
        },
    .findings = {"compute.slow", "compute.wrong_product"},
    .run = run,
    .detects = "GPUs that something else than the power limit holds down at full load; that reach less of a "
               "clock, or less work, than their peers at the same power; that err only then",
    .misses = "what all GPUs get wrong alike (compute.gemm_exact); what only another mix of work shows",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
