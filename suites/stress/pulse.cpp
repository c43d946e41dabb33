// All GPUs of the node at full load and at rest again, in step, from twice in four seconds to fifty times a
// second: what training does between computing and exchanging, and what supplies and boards are to bear. The
// management library looks ten times a second and cannot see it; what shows is a power brake, an Xid, wrong
// results, clocks that do not come back, a node that falls over.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/library_gemm/library_gemm.h"
#include "suites/products.h"
#include "suites/stress/full_load.h"
#include "suites/stress/pulses.h"

namespace assay {
namespace {

/// Before the pulses: what a product is held against, and how fast it is.
constexpr double kSteady_s = 2;

/// All ranks have heard of it, and are there.
constexpr double kLeadTime_s = 0.1;

/// Agreed by all ranks, each of which says what time it is there.
Nanoseconds common_start(Context& context) {
  Nanoseconds latest = 0;
  for (const std::string& now : context.ranks().exchange(std::to_string(context.clock().now())))
    latest = std::max<Nanoseconds>(latest, std::stoll(now));
  return latest + nanoseconds_of(kLeadTime_s);
}

struct Pulsed {
  ProductTally tally;
  double steady_rate = 0;      // products a second
  double least_kept_rate = 0;  // of that, in pulses: of the train where it is least
  double least_at_hz = 0;
  int pulses = 0, left_out = 0;
  double least_in_step = 1;  // of a train's pulses, those that began when they were due
};

void hold_steady(Context& context, compute::LibraryGemm& gemm, Pulsed& pulsed) {
  std::vector<double> rates;
  const Nanoseconds start = context.clock().now();
  for (double elapsed_s = 0; elapsed_s < kSteady_s; elapsed_s = seconds_of(context.clock().now() - start)) {
    const compute::Products done = gemm.multiply_and_check(kFullLoadBatch);
    pulsed.tally.add(done);
    rates.push_back(kFullLoadBatch / done.seconds);
  }
  pulsed.steady_rate = median(rates);
}

/// So many products, in batches of what is possible at once; device seconds.
double pulse(compute::LibraryGemm& gemm, int products, ProductTally& tally) {
  double seconds = 0;
  for (int left = products; left > 0;) {
    const int batch = std::min(left, compute::kMostAtOnce);
    const compute::Products done = gemm.multiply_and_check(batch);
    tally.add(done);
    seconds += done.seconds;
    left -= batch;
  }
  return seconds;
}

void run_train(Context& context, compute::LibraryGemm& gemm, const PulseTrain& train, Pulsed& pulsed) {
  const double at_work_s = train.duty / train.frequency_hz;
  const int products = std::max(1, static_cast<int>(at_work_s * pulsed.steady_rate));
  PulseSchedule schedule(train, common_start(context));
  int pulses = 0;
  double seconds = 0;  // of all of them: a slow one, which leaves no time for others, counts by its length
  for (Nanoseconds at = 0; schedule.next(context.clock().now(), at); ++pulses) {
    context.clock().sleep_until(at);
    seconds += pulse(gemm, products, pulsed.tally);
  }
  pulsed.pulses += pulses;
  pulsed.left_out += schedule.left_out();
  pulsed.least_in_step =
      std::min(pulsed.least_in_step, static_cast<double>(pulses) / std::max(1, pulses + schedule.left_out()));
  if (pulses == 0) return;
  const double kept = pulses * products / seconds / pulsed.steady_rate;
  if (pulsed.least_at_hz > 0 && kept >= pulsed.least_kept_rate) return;
  pulsed.least_kept_rate = kept;
  pulsed.least_at_hz = train.frequency_hz;
}

void run(Context& context) {
  const auto gemm = full_load(context);
  Pulsed pulsed;
  pulsed.tally.add(gemm->use(gemm->propose()));
  const std::vector<PulseTrain> trains = pulse_trains(context.duration_s() - kSteady_s);
  try {
    hold_steady(context, *gemm, pulsed);
    for (std::size_t i = 0; i < trains.size(); ++i) {
      run_train(context, *gemm, trains[i], pulsed);
      context.progress(static_cast<double>(i + 1) / static_cast<double>(trains.size()));
    }
  } catch (const DeviceError&) {
    pulsed.tally.emit(context);  // what was found before that stands
    throw;
  }
  pulsed.tally.emit(context);
  // Slow pulses leave no time for the next: then that is what is wrong.
  constexpr double kEnoughInStep = 0.5, kNotSlow = 0.7;
  if (pulsed.least_at_hz == 0 || (pulsed.least_in_step < kEnoughInStep && pulsed.least_kept_rate > kNotSlow))
    throw std::runtime_error(
        "fewer than half of the pulses of a train began in step: it is not shown what swings do");
  context.measure("kept_rate", pulsed.least_kept_rate, Unit::ratio);
  context.measure("pulses", pulsed.pulses, Unit::count);
  context.measure("pulses_left_out", pulsed.left_out, Unit::count);
  context.evidence("pulses",
                   {{"slowest_at_hz", pulsed.least_at_hz}, {"least_in_step", pulsed.least_in_step}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const auto trains = pulse_trains(duration_s - kSteady_s);
  return seconds_to_load_fully(speed) + kSteady_s + seconds_of_trains(trains) +
         static_cast<double>(trains.size()) * kLeadTime_s;
}

const Registered stress_pulse{{
    .name = "stress.pulse",
    .summary = "Supply and boards bear all GPUs going from rest to full load and back in step, and products "
               "come out "
               "right meanwhile",
    .scope = Scope::ranks,
    .measures =
        {
            {.name = "other_products",
             .meaning =
                 "products in pulses or before that are not, bit for bit, what most of them are, of the same "
                 "operands by the same algorithm",
             .of = Of::gpus},
            {.name = "digest",
             .unit = Unit::text,
             .meaning = "of the product",
             .judged = false,
             .of = Of::gpus},
            {.name = "kept_rate",
             .unit = Unit::ratio,
             .meaning = "rate of products within pulses over that under steady load before: of the train "
                        "where it is least",
             .of = Of::gpus},
            {.name = "pulses", .meaning = "from rest to full load", .judged = false, .of = Of::gpus},
            {.name = "pulses_left_out",
             .meaning = "pulses that could not begin in step, since the one before took too long",
             .judged = false,
             .of = Of::gpus},
        },
    .findings = {"compute.slow_clock", "compute.wrong_product"},
    .run = run,
    .detects = "supplies that sag when the load of the whole node swings, GPUs that are braked or err then",
    .misses = "swings of more than 50 a second; one supply of several that carries less than its share",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .at_work = 0.5,  // mean duty
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
