// The tensor cores' part of everything at once: as stress.power, beside memory, PCIe and collectives.
#include <algorithm>

#include "harness/check.h"
#include "kernels/library_gemm/library_gemm.h"
#include "suites/products.h"
#include "suites/stress/full_load.h"

namespace assay {
namespace {

void run(Context& context) {
  const auto gemm = full_load(context);
  multiply_and_emit(context, *gemm, gemm->propose(), context.duration_s());
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double least_s = kFewestProducts * speed.seconds(compute::work_of_product(kFullLoadType));
  return seconds_to_load_fully(speed) + std::max(duration_s, least_s);
}

const Registered combined_gemm{{
    .name = "stress.combined_gemm",
    .summary = "Products come out the same while memory, PCIe and NVLink are at work beside them",
    .scope = Scope::ranks,
    .measures =
        {
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"digest", Unit::text, "of the product", "", false},
            {"rate", Unit::tflop_per_s, "as of stress.power, beside all else", "", false},
            {"checked_share", Unit::ratio, "of that rate, what is left where each product is looked at", "",
             false},
        },
    .findings = {"compute.wrong_product"},
    .run = run,
    .detects = "tensor cores that err only while everything else is at work",
    .misses = "how fast they are: stress.power",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .meets = false,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
