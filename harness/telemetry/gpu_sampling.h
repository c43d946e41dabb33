// One GPU's thread in the sampler: samples on its clock's ticks, reads state when asked, and is left behind
// when a call into the driver never returns.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "harness/model/readings.h"
#include "harness/node/clock.h"

namespace assay::telemetry {

/// Where readings come from: the management library, or a test.
class GpuSource {
 public:
  virtual ~GpuSource() = default;
  virtual GpuReadings readings() = 0;
  virtual GpuSample sample(Nanoseconds now) = 0;
};

class GpuSampling {
 public:
  GpuSampling(std::unique_ptr<GpuSource> source, std::unique_ptr<Clock> clock);
  /// Ends the thread, or abandons it where it is stuck in a call.
  ~GpuSampling();

  /// Samples at this rate from now on; 0 stops.
  void sample_at(double hz);

  /// State and counters, read now by the thread. request() all GPUs first, then wait for each.
  void request_readings();
  /// Nothing when the thread did not answer within `timeout` of real time: its telemetry is lost from now on.
  std::optional<GpuReadings> wait_for_readings(std::chrono::milliseconds timeout);

  /// Gives the thread up when a call of its has been under way for longer than `timeout` of real time.
  void lose_if_stuck(std::chrono::milliseconds timeout);

  /// Takes the samples since the last call.
  std::vector<GpuSample> take_samples();
  bool lost() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // outlives us while the thread is stuck
};

}  // namespace assay::telemetry
