// Samples of a GPU that hardly differ: of such a stretch the file keeps what was least, mean and most.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/model/readings.h"

namespace assay::telemetry {

/// What a row of the series stands for.
enum class Statistic { sample, least, mean, most };
std::string_view name_of(Statistic statistic);

struct SeriesRow {
  Statistic statistic = Statistic::sample;
  int samples = 1;  // that it stands for
  GpuSample values;
};

/// Of one GPU.
class QuietStretch {
 public:
  /// Samples that are long enough a stretch: ten seconds at ten a second.
  static constexpr std::size_t kLong = 100;
  static constexpr std::size_t kReadings = 12;

  /// What is to be written now that this one has come: nothing yet, while it may be quiet.
  std::vector<SeriesRow> add(const GpuSample& sample);
  /// What has not been written yet.
  std::vector<SeriesRow> take();

 private:
  /// Of one reading, over what is held.
  struct Range {
    std::int64_t least = 0, most = 0;
    double sum = 0;
    int known = 0;
  };
  bool goes_on_with(const GpuSample& sample) const;
  SeriesRow row(Statistic statistic) const;
  void clear();

  std::vector<GpuSample> held_;
  std::array<Range, kReadings> ranges_{};
};

}  // namespace assay::telemetry
