#include "suites/workload/repeating.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "harness/model/quantile.h"
#include "harness/model/values.h"
#include "suites/batches.h"

namespace assay {
namespace {

using workloads::Repetitions;
using workloads::WrongValue;

constexpr int kFewestBatches = 4, kWarmUps = kFewestRepetitions - kFewestBatches;

struct Totals {
  std::map<std::uint64_t, std::uint64_t> by_hash;
  std::uint64_t wrong_values = 0;
  std::vector<WrongValue> first_wrong;
  std::vector<double> repetitions_per_s;  // of a batch each

  void add(const Repetitions& done) {
    for (const auto& [hash, count] : done.by_hash) by_hash[hash] += count;
    wrong_values += done.wrong_values;
    if (first_wrong.empty()) first_wrong = done.first_wrong;
  }
};

void repeat(Context& context, workloads::Workload& workload, Totals& totals) {
  constexpr int kBatchesWanted = 8;
  totals.add(workload.repeat(1));  // loads the kernels
  const Repetitions warm_up = workload.repeat(kWarmUps - 1);
  totals.add(warm_up);
  const double duration_s = context.duration_s();
  Batches batches(duration_s, kBatchesWanted, kFewestBatches, workloads::kMostAtOnce);
  const Nanoseconds start = context.clock().now();
  double elapsed_s = 0, each_s = warm_up.seconds / (kWarmUps - 1);
  while (const int batch = batches.next(elapsed_s, each_s)) {
    const Repetitions done = workload.repeat(batch);
    totals.add(done);
    each_s = done.seconds / batch;
    totals.repetitions_per_s.push_back(1 / each_s);
    elapsed_s = seconds_of(context.clock().now() - start);
    if (duration_s > 0) context.progress(std::min(1.0, elapsed_s / duration_s));
  }
  context.progress(1);
}

void emit_results(Context& context, const Totals& totals) {
  if (totals.by_hash.empty()) return;  // not one repetition: absent stays absent
  std::uint64_t all = 0, most = 0, digest = 0;
  for (const auto& [hash, count] : totals.by_hash) {
    all += count;
    if (count > most) most = count, digest = hash;
  }
  context.measure("wrong_values", static_cast<double>(totals.wrong_values), Unit::count);
  context.measure("other_results", static_cast<double>(all - most), Unit::count);
  context.measure("digest", hexadecimal(digest));
  context.evidence("repetitions", {{"count", all}});
  if (totals.first_wrong.empty()) return;
  nlohmann::json wrong = nlohmann::json::array();
  for (const WrongValue& one : totals.first_wrong)
    wrong.push_back({{"what", one.what}, {"expected", one.expected}, {"actual", one.actual}});
  context.evidence("first_wrong_values", wrong);
}

double items_of(Unit unit) {
  switch (unit) {
    case Unit::per_second:
      return 1;
    case Unit::giga_per_second:
      return 1e9;
    default:
      throw std::invalid_argument("a workload's rate is not in " + std::string(symbol(unit)));
  }
}

}  // namespace

void repeat_and_emit(Context& context, workloads::Workload& workload, Unit unit) {
  Totals totals;
  try {
    repeat(context, workload, totals);
  } catch (const DeviceError&) {
    emit_results(context, totals);
    throw;
  }
  emit_results(context, totals);
  std::vector<double>& rates = totals.repetitions_per_s;
  rates.erase(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2));
  context.measure("rate", median(rates) * workload.items() / items_of(unit), unit);
}

std::vector<Measure> workload_measures(Unit unit, const std::string& items) {
  return {
      {"rate", unit,
       items + " over device time, everything that was computed looked at: median of batches over the second "
               "half "
               "of the duration",
       ""},
      {"wrong_values", Unit::count, "results that have one right value, and had another", ""},
      {"other_results", Unit::count,
       "repetitions that did not come, bit for bit, to what most of them came to, on the same data", ""},
      {"digest", Unit::text, "of what most repetitions came to: the same on every GPU", ""},
  };
}

double seconds_of_workload(const DeviceSpeed& speed, double held_bytes, double repetition_s,
                           double duration_s) {
  return speed.seconds_to_hold(held_bytes) + kWarmUps * repetition_s +
         std::max(duration_s, kFewestBatches * repetition_s);
}

}  // namespace assay
