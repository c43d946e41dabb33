#include "harness/telemetry/quiet_stretch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace assay::telemetry {
namespace {

struct Field {
  Integer GpuSample::*of;
  std::int64_t quiet;  // it may vary by so much
};

/// Within these a GPU does the same thing: of an H200 at its power limit power varied by 140 W and the clock
/// by 150 MHz (reports/evidence/2026-11-26-h200-2, tensor-power.jsonl), which is not quiet.
constexpr std::array<Field, QuietStretch::kReadings> kFields{{
    {&GpuSample::power_mw, 25'000},
    {&GpuSample::sm_mhz, 45},
    {&GpuSample::memory_mhz, 0},
    {&GpuSample::temperature_c, 2},
    {&GpuSample::memory_temperature_c, 2},
    {&GpuSample::utilisation_percent, 5},
    {&GpuSample::memory_utilisation_percent, 5},
    {&GpuSample::throttle_reasons, 0},
    {&GpuSample::pcie_generation, 0},
    {&GpuSample::pcie_width, 0},
    {&GpuSample::memory_used_mib, 0},
    {&GpuSample::margin_c, 2},
}};

}  // namespace

std::string_view name_of(Statistic statistic) {
  switch (statistic) {
    case Statistic::sample:
      return "sample";
    case Statistic::least:
      return "least";
    case Statistic::mean:
      return "mean";
    case Statistic::most:
      return "most";
  }
  return "?";
}

/// The margin is asked once a second: that one has it and another has not is nothing new.
bool QuietStretch::goes_on_with(const GpuSample& sample) const {
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const Integer& reading = sample.*kFields[i].of;
    const Range& range = ranges_[i];
    const bool now_and_then = kFields[i].of == &GpuSample::margin_c;
    if (!now_and_then && reading.has_value() != (range.known > 0)) return false;
    if (!reading.value || range.known == 0) continue;
    if (std::max(range.most, *reading.value) - std::min(range.least, *reading.value) > kFields[i].quiet)
      return false;
  }
  return true;
}

SeriesRow QuietStretch::row(Statistic statistic) const {
  SeriesRow row{statistic, static_cast<int>(held_.size()), held_.front()};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const Range& range = ranges_[i];
    if (range.known == 0) continue;
    row.values.*kFields[i].of =
        Integer::of(statistic == Statistic::least  ? range.least
                    : statistic == Statistic::most ? range.most
                                                   : std::llround(range.sum / range.known));
  }
  return row;
}

void QuietStretch::clear() {
  held_.clear();
  ranges_ = {};
}

std::vector<SeriesRow> QuietStretch::add(const GpuSample& sample) {
  std::vector<SeriesRow> rows;
  if (!held_.empty() && !goes_on_with(sample)) rows = take();
  held_.push_back(sample);
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const Integer& reading = sample.*kFields[i].of;
    if (!reading.value) continue;
    Range& range = ranges_[i];
    range.least = range.known > 0 ? std::min(range.least, *reading.value) : *reading.value;
    range.most = range.known > 0 ? std::max(range.most, *reading.value) : *reading.value;
    range.sum += static_cast<double>(*reading.value);
    ++range.known;
  }
  if (held_.size() < kLong) return rows;
  for (const Statistic statistic : {Statistic::least, Statistic::mean, Statistic::most})
    rows.push_back(row(statistic));
  clear();
  return rows;
}

std::vector<SeriesRow> QuietStretch::take() {
  std::vector<SeriesRow> rows;
  for (const GpuSample& sample : held_) rows.push_back({Statistic::sample, 1, sample});
  clear();
  return rows;
}

}  // namespace assay::telemetry
