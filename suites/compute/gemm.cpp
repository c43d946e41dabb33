// Products of NVIDIA's own library on random data, at the power that they take: how fast, and whether each
// comes out as the one before and as on the node's other GPUs. All of them compute by one algorithm, which
// the first rank's library proposes: another one may add up in another order, and differ in the last bits.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "harness/check.h"
#include "harness/model/values.h"
#include "kernels/library_gemm/library_gemm.h"
#include "suites/known_products.h"
#include "suites/products.h"

namespace assay {
namespace {

/// For people who compare runs.
std::uint64_t hash_of(const GemmAlgorithm& algorithm) {
  std::uint64_t hash = 0;
  for (const std::uint64_t word : algorithm) hash = memory::mix64(hash ^ word);
  return hash;
}

void run(Context& context) {
  const auto type = datapath_named("tensor_" + context.variant());
  if (!type) throw std::logic_error("no datapath for " + context.variant());
  const CublasLt& library = context.cublaslt();
  const std::uint64_t unexpected = compute::wrong_in_small_product(context.gpu(), library, *type);
  const auto gemm = compute::make_library_gemm(context.gpu(), library, *type, kProductData);
  const GemmAlgorithm algorithm = agree(context, gemm->propose(), library.version());
  const Multiplied done = multiply_and_emit(context, *gemm, algorithm, context.duration_s());
  context.measure("peak_share", share_of_h200(*type, done.rate_tflops), Unit::ratio);
  context.measure("library_version", library.version());
  context.measure("unexpected_elements", static_cast<double>(unexpected), Unit::count);
  context.evidence("library", {{"file", library.file()},
                               {"algorithm", hexadecimal(hash_of(algorithm))},
                               {"products", done.products}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  double longest_s = 0;
  for (const Datapath type : {Datapath::tensor_int8, Datapath::tensor_fp64}) {
    const double product_s = speed.seconds(compute::work_of_product(type));
    longest_s = std::max(longest_s, kFewestProducts * product_s);
  }
  constexpr double kHeldBytes = 2e9;
  return speed.seconds_to_hold(kHeldBytes) + std::max(duration_s, longest_s);
}

const Registered compute_gemm{{
    .name = "compute.gemm",
    .summary =
        "NVIDIA's own matrix products on random data are as fast as an H200's, and the same every time "
        "and on every GPU, in six datatypes",
    .scope = Scope::ranks,
    .measures =
        {
            {"rate", Unit::tflop_per_s,
             "operations over device time, of products that nobody looks at, in batches between those that "
             "are looked at: median over the second half of the duration",
             ""},
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"digest", Unit::text, "of the product: the same on every GPU", ""},
            {"unexpected_elements", Unit::count,
             "of a small product of whole numbers: those that this machine's CPU finds otherwise", ""},
            {"library_version", Unit::text, "of cuBLASLt", ""},
            {"checked_share", Unit::ratio, "of that rate, what is left where each product is looked at", "",
             false},
            {"peak_share", Unit::ratio, "of that rate: of what an H200 has by its datasheet", ""},
        },
    .findings = {"compute.capped", "compute.slow", "compute.wrong_product", "compute.unexpected_product",
                 "environment.library_unknown"},
    .run = run,
    .detects =
        "GPUs that multiply more slowly than an H200 or than their peers do at the same clock and power; "
        "products that come out otherwise now and then, or otherwise than on the other GPUs",
    .misses = "what all GPUs of the node get wrong alike (compute.gemm_exact); which multiprocessor it was "
              "(compute.sm)",
    .device_evidence = "never run on a GPU",
    .variants = {{"bf16", {}}, {"fp16", {}}, {"e4m3", {}}, {"int8", {}}, {"tf32", {}}, {"fp64", {}}},
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
