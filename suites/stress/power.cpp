// Every GPU steady at its power limit: NVIDIA's own matrix products on random data, each of them looked at;
// of the datatype that draws the most here, which a short search finds. What the node's sensors say meanwhile
// is telemetry of this check's steps, and has limits of its own (`during = "stress.power"`). A profile lets
// it overlap with a check that works at the memory: then the memory is as hot as the core.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/values.h"
#include "suites/products.h"
#include "suites/stress/full_load.h"

namespace assay {
namespace {

/// The hungriest at random data (reports/evidence/2026-11-26-h200-2, tensor-power.jsonl), and all of them of
/// another width or exponent.
constexpr Datapath kCandidates[] = {kFullLoadType, Datapath::tensor_fp16, Datapath::tensor_e4m3};
/// Of each: clocks and power have settled, and the sampler has a second of it.
constexpr double kTried_s = 2;
/// A search that takes a large part of the time is not worth it.
constexpr double kShortestWithSearch_s = 6 * kTried_s;
/// At one limit types differ by 1.4 % in what they draw (as above), readings by half a per cent: less than
/// this is nothing, so that all nodes take the same.
constexpr double kMore = 1.03;

/// A product of it; by one algorithm on all GPUs.
std::uint64_t make_first(Context& context, compute::LibraryGemm& gemm) {
  return gemm.use(agree(context, gemm.propose(), context.cublaslt().version()));
}

/// What the GPU draws then; 0 where nobody knows.
double try_out(Context& context, Datapath type) {
  const auto gemm = full_load(context, type);
  make_first(context, *gemm);
  const Nanoseconds start = context.clock().now();
  while (seconds_of(context.clock().now() - start) < kTried_s) gemm->multiply(kFullLoadBatch);
  return context.power_w().value_or(0);
}

/// All GPUs take the same, or they could not be compared.
Datapath heaviest(Context& context) {
  if (context.duration_s() < kShortestWithSearch_s) return kFullLoadType;
  std::size_t best = 0;
  std::vector<double> watts;  // of all GPUs together
  nlohmann::json tried;
  for (const Datapath type : kCandidates) {
    double all_w = 0;
    for (const std::string& of_rank : context.ranks().exchange(std::to_string(try_out(context, type))))
      all_w += std::stod(of_rank);
    watts.push_back(all_w);
    tried[std::string(name_of(type))] = all_w;
    if (watts.back() > kMore * watts[best]) best = watts.size() - 1;
  }
  if (context.ranks().rank() == 0) context.evidence("watts_of_all_gpus", tried);
  return kCandidates[best];
}

void run(Context& context) {
  const CublasLt& library = context.cublaslt();
  const Nanoseconds start = context.clock().now();
  // Whatever the search finds: a repeat, or another night, may find another type.
  context.measure("first_digest", hexadecimal(make_first(context, *full_load(context))));
  const Datapath type = heaviest(context);
  const auto gemm = full_load(context, type);
  const GemmAlgorithm algorithm = agree(context, gemm->propose(), library.version());
  const double left_s = context.duration_s() - seconds_of(context.clock().now() - start);
  const std::uint64_t products = multiply_and_emit(context, *gemm, algorithm, left_s).products;
  context.measure("library_version", library.version());
  context.measure("datatype", std::string(name_of(type)));
  context.evidence("library", {{"file", library.file()}, {"products", products}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double least_s = kFewestProducts * speed.seconds(compute::work_of_product(kFullLoadType));
  return seconds_to_load_fully(speed) + std::max(duration_s, least_s);
}

const Registered stress_power{{
    .name = "stress.power",
    .summary =
        "At full load each GPU stays at its power limit, as fast as its peers do at the same power, and "
        "computes what it did before",
    .scope = Scope::ranks,
    .measures =
        {
            {"rate", Unit::tflop_per_s,
             "operations over device time, of products that nobody looks at, in batches between those "
             "that are looked at: median over the second half of the duration",
             ""},
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"first_digest", Unit::text, "of a bf16 product before the load: the same on every GPU", ""},
            {"digest", Unit::text, "of the products", "", false},
            {"datatype", Unit::text, "of the products: the one of three that draws the most", "", false},
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
