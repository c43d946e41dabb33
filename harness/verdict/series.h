// The values of one measurement on one part at one stage, over all attempts: what limits are held against.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/verdict/evidence.h"

namespace assay::verdict {

enum class Grade { pass, marginal, fail };

struct Sample {
  const record::Step* step = nullptr;
  const record::Measurement* measurement = nullptr;
};

struct Series {
  std::string check, measurement;
  int stage = 0;
  Part part;
  std::vector<Sample> samples;  // by attempt; never empty
};

/// All series of the run. What is no finite number, or no text where text is due, is left out: a finding of
/// its own.
std::vector<Series> collect_series(const record::Run& run);

/// Absolute limits (min, max, equal) only. The value has the limit's unit.
Grade grade(const Limit& limit, const record::Value& value);

bool is_peer(LimitKind kind);

/// The value as a number, for medians and comparisons; a flag is 0 or 1. Nothing for text.
std::optional<double> number_of(const record::Value& value);

double median(std::vector<double> values);

/// The samples in the limit's unit, as numbers; empty where one is text.
std::vector<double> numbers_of(const Series& series, const Limit& limit);

/// What all attempts together say. A failing value of a corruption, a device's fault, or of the first attempt
/// stands; otherwise performance is judged by the median of the attempts, everything else by each of them.
struct Outcome {
  Grade grade = Grade::pass;
  Sample sample;        // the one that stands for it
  record::Value value;  // the sample's, or the median
  std::string detail;
};
std::vector<Outcome> over_attempts(const Series& series, const Limit& limit, FindingClass cls,
                                   const std::function<Grade(const record::Value&)>& grade);

/// The observation that an outcome amounts to; `bound` is what the value was held against.
Observation observation_of(const Case& c, const Series& series, const Limit& limit, const Outcome& outcome,
                           const record::Value& bound);

/// peer_equal and peer_ratio, across the GPUs of the node.
void observe_peers(const Case& c, const std::vector<Series>& all, std::vector<Observation>& seen);

}  // namespace assay::verdict
