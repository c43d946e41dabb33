#include "harness/telemetry/cooling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "harness/model/quantile.h"

namespace assay::telemetry {
namespace {

using Samples = std::vector<GpuSample>;

/// Under load a GPU draws several times what it draws at rest with a context held (113 W). One that does a
/// tenth of the work still draws more than this: below it, whole degrees say nothing of a degree a watt.
constexpr double kLeastDifference_w = 100;
constexpr double kLeastLoad_s = 4, kLeastAtWork_s = 20;
/// The core of an H200 had given off what it gives off at once after 0.6 s
/// (reports/evidence/2026-11-26-h200); its sensor answers in whole degrees, ten times a second.
constexpr double kRestFrom_s = 2, kRestTo_s = 3;

std::optional<double> median_of(const Samples& samples, std::size_t from, std::size_t to,
                                Integer GpuSample::*field) {
  std::vector<double> values;
  for (std::size_t i = from; i < std::min(to, samples.size()); ++i) {
    if ((samples[i].*field).value) values.push_back(static_cast<double>(*(samples[i].*field).value));
  }
  if (values.empty()) return std::nullopt;
  return quantile(std::move(values), 0.5);
}

std::size_t samples_in(double seconds, double period_s) {
  return static_cast<std::size_t>(std::max(1.0, std::round(seconds / period_s)));
}

/// Power is new with every sample, where the driver's word for how busy a GPU is lags by up to a second. A
/// load is what lasts: a few samples of something else are none.
std::vector<bool> loaded(const Samples& samples) {
  constexpr double kLasting = 0.9;
  std::vector<double> watts;
  for (const GpuSample& sample : samples) {
    if (sample.power_mw.value) watts.push_back(static_cast<double>(*sample.power_mw.value) * 1e-3);
  }
  std::vector<bool> is_loaded(samples.size(), false);
  if (watts.empty()) return is_loaded;
  const double least = *std::min_element(watts.begin(), watts.end()), most = quantile(watts, kLasting);
  if (most - least < kLeastDifference_w) return is_loaded;
  for (std::size_t i = 0; i < samples.size(); ++i)
    is_loaded[i] = static_cast<double>(samples[i].power_mw.value.value_or(0)) * 1e-3 >= (least + most) / 2;
  return is_loaded;
}

/// One behind the last sample of the last load that has so long a rest behind it; 0 where there is none.
std::size_t end_of_last_load(const std::vector<bool>& is_loaded, std::size_t load, std::size_t rest) {
  for (std::size_t end = is_loaded.size(); end-- > 1;) {
    if (is_loaded[end] || !is_loaded[end - 1]) continue;
    if (end < load || end + rest > is_loaded.size()) continue;
    const auto at = [&](std::size_t i) { return is_loaded.begin() + static_cast<std::ptrdiff_t>(i); };
    const bool whole = std::all_of(at(end - load), at(end), [](bool is) { return is; });
    const bool rests = std::none_of(at(end), at(end + rest), [](bool is) { return is; });
    if (whole && rests) return end;
  }
  return 0;
}

Reading<double> drop(const Samples& samples, double period_s) {
  const std::size_t load = samples_in(kLeastLoad_s, period_s), from = samples_in(kRestFrom_s, period_s),
                    to = samples_in(kRestTo_s, period_s);
  const std::size_t end = end_of_last_load(loaded(samples), load, to);
  if (end == 0) return Reading<double>::none("no_rest");
  // The last of the load and the first of the rest lie on either side of its end.
  const auto before = [&](Integer GpuSample::*field) {
    return median_of(samples, end - load / 2, end - 1, field);
  };
  const auto after = [&](Integer GpuSample::*field) {
    return median_of(samples, end + from, end + to, field);
  };
  const auto hot = before(&GpuSample::temperature_c), cool = after(&GpuSample::temperature_c);
  const auto much = before(&GpuSample::power_mw), little = after(&GpuSample::power_mw);
  if (!hot || !cool || !much || !little) return Reading<double>::none("no_samples");
  const double less_w = (*much - *little) * 1e-3;
  if (less_w < kLeastDifference_w) return Reading<double>::none("no_rest");
  return Reading<double>::of((*hot - *cool) / less_w);
}

Reading<double> drift(const Samples& samples, double period_s) {
  const std::vector<bool> is_loaded = loaded(samples);
  Samples at_work;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (is_loaded[i]) at_work.push_back(samples[i]);
  }
  const std::size_t quarter = at_work.size() / 4;
  if (static_cast<double>(at_work.size()) * period_s < kLeastAtWork_s)
    return Reading<double>::none("too_short");
  const auto last = median_of(at_work, 3 * quarter, at_work.size(), &GpuSample::temperature_c);
  const auto before = median_of(at_work, 2 * quarter, 3 * quarter, &GpuSample::temperature_c);
  if (!last || !before) return Reading<double>::none("no_samples");
  return Reading<double>::of(*last - *before);
}

}  // namespace

Cooling cooling_in(const Samples& samples, double period_s) {
  return {drop(samples, period_s), drift(samples, period_s)};
}

}  // namespace assay::telemetry
