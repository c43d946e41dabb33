// What the management library gave, or did not, as measurements of a node check.
#pragma once

#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/missing_reading.h"

namespace assay {

/// Measures what there is of a check's readings, and keeps why the others are missing.
class Readings {
 public:
  explicit Readings(Context& context) : context_(context) {}

  void measure(const Part& part, const std::string& name, const Integer& reading, Unit unit = Unit::count,
               double scale = 1) {
    if (reading.value)
      context_.measure_at(part, name, static_cast<double>(*reading.value) * scale, unit);
    else
      missing(part, name, reading.missing);
  }
  void measure(const Part& part, const std::string& name, const Text& reading) {
    if (reading.value)
      context_.measure_at(part, name, *reading.value);
    else
      missing(part, name, reading.missing);
  }
  void missing(const Part& part, const std::string& name, const std::string& why) {
    missing_.push_back({part, name, why});
  }
  /// At the end: nothing where nothing is missing.
  void say_what_is_missing() {
    if (!missing_.empty()) context_.evidence(kMissingReadings, {{"readings", missing_}});
  }

 private:
  Context& context_;
  std::vector<MissingReading> missing_;
};

}  // namespace assay
