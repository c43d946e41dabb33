// The values of one measurement on one part at one stage, over all attempts: what limits are held against.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "harness/model/grade.h"
#include "harness/verdict/evidence.h"

namespace assay::verdict {

struct Sample {
  const Step* step = nullptr;
  const Measurement* measurement = nullptr;
  int number = 1;  // which measurement of the step's check and part this is (model/attempts.h)
};

struct Series {
  std::string check, variant, measurement;
  int stage = 0;
  Part part;
  std::vector<Sample> samples;  // by attempt; never empty
};

/// All series of the run. What is no finite number, or no text where text is due, is left out: a finding of
/// its own.
std::vector<Series> collect_series(const RunRecord& run);

/// Whether the limit is held against it.
bool is_of(const Case& c, const Limit& limit, const Series& series);

/// What the node's sensors said during each step, of each GPU.
class SensorReadings {
 public:
  explicit SensorReadings(const std::vector<Series>& all);
  /// The middle one while `beside` was measured, in steps that went to their end.
  std::optional<double> beside(const std::string& measurement, const Series& beside) const;

 private:
  using Key = std::tuple<std::string, int, std::string>;
  static Key key(const std::string& measurement, const Series& series);
  std::map<Key, const Series*> of_;
};

/// What is compared with its like: GPUs with GPUs, pairs of GPUs with pairs.
bool has_peers(const Part& part);

/// The values in the limit's unit, one a measurement: an attempt that was interrupted, and the one that makes
/// up for it, are one, and the worse of their values counts. Empty where one is text.
std::vector<double> numbers_of(const Series& series, const Limit& limit);

/// What all attempts together say. A failing value of a corruption, a device's fault, or of the first
/// measurement stands; otherwise performance is judged by the median of the measurements, everything else by
/// each attempt.
struct Outcome {
  Grade grade = Grade::pass;
  Sample sample;  // the one that stands for it
  Value value;    // the sample's, or the median
  Phrase detail;
};
std::vector<Outcome> over_attempts(const Series& series, const Limit& limit, FindingClass cls,
                                   const std::function<Grade(const Value&)>& grade);

/// The observation that an outcome amounts to; `bound` is what the value was held against.
Observation observation_of(const Case& c, const Series& series, const Limit& limit, const Outcome& outcome,
                           const Value& bound);

/// peer_equal, peer_ratio and peer_excess, across the GPUs of the node.
void observe_peers(const Case& c, const std::vector<Series>& all, const SensorReadings& sensors,
                   std::vector<Observation>& seen);

}  // namespace assay::verdict
