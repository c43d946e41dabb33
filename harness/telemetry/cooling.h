// What a series says of how a GPU gives off its heat.
#pragma once

#include <vector>

#include "harness/model/readings.h"

namespace assay::telemetry {

/// Samples are taken `period_s` seconds apart.
struct Cooling {
  /// By how much the core became cooler within 3 s of the end of a load, over how much less it drew then,
  /// C/W: of the chip and its cold plate. None where the series has no load of 4 s and more with a rest
  /// behind it.
  Reading<double> drop_c_per_w;
  /// By how much the core was warmer in the last quarter of the time at work than in the one before, C. None
  /// where it worked for less than 20 s.
  Reading<double> drift_c;
};

Cooling cooling_in(const std::vector<GpuSample>& samples, double period_s);

}  // namespace assay::telemetry
