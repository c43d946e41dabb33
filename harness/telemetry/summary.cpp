#include "harness/telemetry/summary.h"

#include <utility>

#include "harness/model/quantile.h"

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
    } else {
      missing = reading.missing;
    }
  }
  if (values.empty()) return Reading<double>::none(missing);
  return Reading<double>::of(quantile(std::move(values), share));
}

}  // namespace

SeriesSummary summarise(const std::vector<GpuSample>& samples, double period_s) {
  constexpr double kWattsPerMilliwatt = 1e-3;
  SeriesSummary summary;
  summary.samples = static_cast<int>(samples.size());
  summary.power_median_w = quantile_of(samples, &GpuSample::power_mw, 0.5, kWattsPerMilliwatt);
  summary.power_p95_w = quantile_of(samples, &GpuSample::power_mw, 0.95, kWattsPerMilliwatt);
  summary.temperature_p95_c = quantile_of(samples, &GpuSample::temperature_c, 0.95, 1);
  summary.memory_temperature_p95_c = quantile_of(samples, &GpuSample::memory_temperature_c, 0.95, 1);
  summary.sm_clock_median_mhz = quantile_of(samples, &GpuSample::sm_mhz, 0.5, 1);
  const std::vector<GpuSample> last_half(samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2),
                                         samples.end());
  summary.power_steady_w = quantile_of(last_half, &GpuSample::power_mw, 0.5, kWattsPerMilliwatt);
  summary.sm_clock_steady_mhz = quantile_of(last_half, &GpuSample::sm_mhz, 0.5, 1);
  summary.temperature_steady_c = quantile_of(last_half, &GpuSample::temperature_c, 0.5, 1);
  summary.memory_temperature_steady_c = quantile_of(last_half, &GpuSample::memory_temperature_c, 0.5, 1);
  summary.slowdowns = slowdowns_in(samples, period_s);
  return summary;
}

}  // namespace assay::telemetry
