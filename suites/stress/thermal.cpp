// Full load until the GPU is as warm as it becomes, then rest: how warm, how far from being slowed down, and
// by how much the chip cools at once when the load is gone. That drop is of the chip and its cold plate
// alone, for what lies behind them takes a minute and more: so bad contact and warm air are told apart.
//
// All of it is in the sensors' readings: telemetry of this check's steps (`during = "stress.thermal"`).
#include <algorithm>
#include <cstdint>

#include "harness/check.h"
#include "suites/batches.h"
#include "suites/products.h"
#include "suites/stress/full_load.h"

namespace assay {
namespace {

/// Within 3 s the chip has given off what it gives off at once (0.6 s were seen:
/// reports/evidence/2026-11-26-h200); the rest is for the sensors.
constexpr double kRest_s = 6;
constexpr double kLeastLoad_s = 4;

void run(Context& context) {
  constexpr int kBatchesWanted = 16, kFewestBatches = 1;
  const auto gemm = full_load(context);
  ProductTally tally;
  tally.add(gemm->use(gemm->propose()));
  const double load_s = std::max(kLeastLoad_s, context.duration_s() - kRest_s);
  Batches batches(load_s, kBatchesWanted, kFewestBatches, compute::kMostAtOnce);
  const Nanoseconds start = context.clock().now();
  const auto multiply = [&](int products) {
    const compute::Products done = gemm->multiply_and_check(products);
    tally.add(done);
    return done.seconds / products;
  };
  try {
    double elapsed_s = 0, each_s = multiply(kFullLoadBatch);
    while (const int products = batches.next(elapsed_s, each_s)) {
      each_s = multiply(products);
      elapsed_s = seconds_of(context.clock().now() - start);
      context.progress(std::min(1.0, elapsed_s / load_s));
    }
  } catch (const DeviceError&) {
    tally.emit(context);  // what was found before that stands
    throw;
  }
  tally.emit(context);
  context.progress(1);
  context.clock().sleep_for(nanoseconds_of(kRest_s));
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  return seconds_to_load_fully(speed) + std::max(kLeastLoad_s + kRest_s, duration_s);
}

const Registered stress_thermal{{
    .name = "stress.thermal",
    .summary =
        "At full load each GPU becomes steady well below where it is slowed down, and gives off its heat as "
        "well as its peers do",
    .scope = Scope::gpu,
    .measures =
        {
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"digest", Unit::text, "of the product", "", false},
        },
    .findings = {"compute.wrong_product"},
    .run = run,
    .detects =
        "paste and cold plates that take up heat badly, apart from warm air; GPUs without margin, of which a "
        "warmer day would slow one down; results that go wrong only hot",
    .misses = "what the room does at another time of the day",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
