// Full load, rest, full load, and once more: how long each GPU takes to its rate, and whether it comes back
// to the rate that it had the first time. A clock that stays low after a rest shows in no check that runs
// once.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "suites/products.h"
#include "suites/stress/full_load.h"

namespace assay {
namespace {

constexpr int kLoads = 3;
/// Long enough for the clocks to go down with a context held, and for a load to settle, whatever the profile
/// says.
constexpr double kLeastRest_s = 3, kLeastLoad_s = 3;
constexpr double kRestShare = 0.4;  // of the duration

double rest_s(double duration_s) {
  return std::max(kLeastRest_s, kRestShare * duration_s / (kLoads - 1));
}
double load_s(double duration_s) {
  return std::max(kLeastLoad_s, (1 - kRestShare) * duration_s / kLoads);
}

/// A batch of products.
struct Batch {
  double end_s;  // since the load began
  double rate;   // TFLOP/s
};

/// Median of the second half.
double settled(const std::vector<Batch>& batches) {
  std::vector<double> rates;
  for (std::size_t i = batches.size() / 2; i < batches.size(); ++i) rates.push_back(batches[i].rate);
  return median(std::move(rates));
}

/// Until the rate was within 5 % of where it settles, and stayed there for two batches.
double seconds_to_rate(const std::vector<Batch>& batches) {
  constexpr double kThere = 0.95;
  const double rate = settled(batches);
  for (std::size_t i = 0; i + 1 < batches.size(); ++i) {
    if (batches[i].rate >= kThere * rate && batches[i + 1].rate >= kThere * rate) return batches[i].end_s;
  }
  return batches.back().end_s;
}

std::vector<Batch> load(Context& context, compute::LibraryGemm& gemm, ProductTally& tally) {
  // Short at first, for the time to the rate; then longer, which is all the same to the GPU.
  constexpr double kShortBatches_s = 1.5;
  constexpr int kLongBatch = 4 * kFullLoadBatch;
  static_assert(kLongBatch <= compute::kMostAtOnce);
  std::vector<Batch> batches;
  const Nanoseconds start = context.clock().now();
  for (double elapsed_s = 0; elapsed_s < load_s(context.duration_s());) {
    const int products = elapsed_s < kShortBatches_s ? kFullLoadBatch : kLongBatch;
    const compute::Products done = gemm.multiply_and_check(products);
    tally.add(done);
    elapsed_s = seconds_of(context.clock().now() - start);
    batches.push_back({elapsed_s, gemm.operations() / 1e12 * products / done.seconds});
  }
  return batches;
}

void run(Context& context) {
  const auto gemm = full_load(context);
  ProductTally tally;
  tally.add(gemm->use(gemm->propose()));
  std::vector<double> rates, to_rate_s;
  try {
    for (int i = 0; i < kLoads; ++i) {
      if (i > 0) context.clock().sleep_for(nanoseconds_of(rest_s(context.duration_s())));
      const std::vector<Batch> batches = load(context, *gemm, tally);
      rates.push_back(settled(batches));
      to_rate_s.push_back(seconds_to_rate(batches));
      context.progress(static_cast<double>(i + 1) / kLoads);
    }
  } catch (const DeviceError&) {
    tally.emit(context);  // what was found before that stands
    throw;
  }
  tally.emit(context);
  context.measure("time_to_rate", *std::max_element(to_rate_s.begin(), to_rate_s.end()), Unit::seconds);
  context.measure("kept_rate", *std::min_element(rates.begin(), rates.end()) / rates.front(), Unit::ratio);
  context.evidence("loads", {{"tflop_per_s", rates}, {"seconds_to_rate", to_rate_s}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  return seconds_to_load_fully(speed) + (kLoads - 1) * rest_s(duration_s) + kLoads * load_s(duration_s);
}

const Registered stress_ramp{{
    .name = "stress.ramp",
    .summary = "Each GPU comes to its full rate at once, and to the same rate again after a rest",
    .scope = Scope::gpu,
    .measures =
        {
            {"time_to_rate", Unit::seconds,
             "from the first product of a load until the rate is within 5 % of where it settles: the "
             "longest of "
             "three loads",
             ""},
            {"kept_rate", Unit::ratio,
             "rate at which a load settles over that of the first load: the least of three", ""},
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"digest", Unit::text, "of the product", "", false},
        },
    .findings = {"compute.slow_clock", "compute.wrong_product"},
    .run = run,
    .detects =
        "clocks that come up late, or not at all, after a rest; GPUs that err when their load comes or goes",
    .misses = "what all loads are held down by alike: stress.power",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .at_work = 1 - kRestShare,
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
