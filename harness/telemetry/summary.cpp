#include "harness/telemetry/summary.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "harness/model/quantile.h"
#include "harness/node/clock.h"

namespace assay::telemetry {
namespace {

Reading<double> quantile_of(const std::vector<GpuSample>& samples, Integer GpuSample::*field, double share,
                            double scale) {
  std::vector<double> values;
  std::string missing = "no_samples";
  for (const GpuSample& sample : samples) {
    const Integer& reading = sample.*field;
    if (reading.value) {
      values.push_back(static_cast<double>(*reading.value) * scale);
    } else if (reading.missing != kNotAsked) {
      missing = reading.missing;
    }
  }
  if (values.empty()) return Reading<double>::none(missing);
  return Reading<double>::of(quantile(std::move(values), share));
}

/// In less the work takes them somewhere, and they are not there yet.
constexpr double kLeastAtWork_s = 2;

/// A link that rests comes up within the first of them (hwloc issue 653, nvtop issue 6).
constexpr std::size_t kLeastLooksAtALink = 5;

/// A driver that does not say how busy a GPU is says nothing of pauses.
bool is_at_work(const GpuSample& sample) {
  constexpr std::int64_t kBusyPercent = 50;
  return sample.utilisation_percent.value.value_or(kBusyPercent) >= kBusyPercent;
}

std::vector<GpuSample> those_at_work(const std::vector<GpuSample>& samples) {
  std::vector<GpuSample> at_work;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(at_work), is_at_work);
  return at_work;
}

/// None where there are too few.
std::vector<GpuSample> last_half(std::vector<GpuSample> at_work, double period_s) {
  constexpr double kHalfASample = 0.5;
  if ((static_cast<double>(at_work.size()) + kHalfASample) * period_s < kLeastAtWork_s) return {};
  at_work.erase(at_work.begin(), at_work.begin() + static_cast<std::ptrdiff_t>(at_work.size() / 2));
  return at_work;
}

Reading<double> memory_over_core(const std::vector<GpuSample>& samples) {
  std::vector<double> differences;
  for (const GpuSample& sample : samples) {
    if (sample.memory_temperature_c.value && sample.temperature_c.value)
      differences.push_back(
          static_cast<double>(*sample.memory_temperature_c.value - *sample.temperature_c.value));
  }
  if (differences.empty()) return Reading<double>::none("no_samples");
  return Reading<double>::of(quantile(std::move(differences), 0.5));
}

}  // namespace

Reading<double> mean_power_w(const std::vector<GpuSample>& samples, Nanoseconds from, Nanoseconds until) {
  double sum_mw = 0;
  int known = 0;
  for (const GpuSample& sample : samples) {
    if (!sample.power_mw.value || sample.time < from || sample.time >= until) continue;
    sum_mw += static_cast<double>(*sample.power_mw.value);
    ++known;
  }
  if (known == 0) return Reading<double>::none("no_samples");
  return Reading<double>::of(sum_mw * 1e-3 / known);
}

SeriesSummary summarise(const std::vector<GpuSample>& samples, double period_s) {
  constexpr double kWattsPerMilliwatt = 1e-3;
  SeriesSummary summary;
  summary.samples = static_cast<int>(samples.size());
  summary.power_median_w = quantile_of(samples, &GpuSample::power_mw, 0.5, kWattsPerMilliwatt);
  summary.power_p95_w = quantile_of(samples, &GpuSample::power_mw, 0.95, kWattsPerMilliwatt);
  summary.temperature_p95_c = quantile_of(samples, &GpuSample::temperature_c, 0.95, 1);
  summary.memory_temperature_p95_c = quantile_of(samples, &GpuSample::memory_temperature_c, 0.95, 1);
  summary.sm_clock_median_mhz = quantile_of(samples, &GpuSample::sm_mhz, 0.5, 1);
  std::vector<GpuSample> at_work = those_at_work(samples);
  const std::vector<GpuSample> steady = last_half(at_work, period_s);
  summary.power_steady_w = quantile_of(steady, &GpuSample::power_mw, 0.5, kWattsPerMilliwatt);
  summary.sm_clock_steady_mhz = quantile_of(steady, &GpuSample::sm_mhz, 0.5, 1);
  summary.temperature_steady_c = quantile_of(steady, &GpuSample::temperature_c, 0.5, 1);
  summary.memory_temperature_steady_c = quantile_of(steady, &GpuSample::memory_temperature_c, 0.5, 1);
  summary.memory_over_core_steady_c = memory_over_core(steady);
  summary.margin_steady_c = quantile_of(steady, &GpuSample::margin_c, 0.5, 1);
  summary.power_mean_w = mean_power_w(samples, 0, kForever);
  if (at_work.size() < kLeastLooksAtALink) at_work.clear();
  summary.pcie_generation = quantile_of(at_work, &GpuSample::pcie_generation, 1, 1);
  summary.pcie_width = quantile_of(at_work, &GpuSample::pcie_width, 1, 1);
  summary.cooling = cooling_in(samples, period_s);
  summary.slowdowns = slowdowns_in(samples, period_s);
  return summary;
}

}  // namespace assay::telemetry
