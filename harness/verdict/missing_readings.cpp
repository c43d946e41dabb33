#include "harness/verdict/missing_readings.h"

#include <exception>

#include <nlohmann/json.hpp>

#include "harness/model/measurement_names.h"
#include "harness/verdict/evidence.h"

namespace assay::verdict {

std::vector<MissingReading> missing_readings_of(const Step& step) {
  std::vector<MissingReading> all;
  for (const Evidence& evidence : step.evidence) {
    if (evidence.name != kMissingReadings) continue;
    try {
      for (const nlohmann::json& reading : evidence.content.at("readings"))
        all.push_back(reading.get<MissingReading>());
    } catch (const std::exception&) {
      // Somebody else's: what is required and lacks is noticed all the same.
    }
  }
  return all;
}

Reasons reasons_of(const Step& step) {
  Reasons reasons;
  for (const MissingReading& reading : missing_readings_of(step))
    reasons[{reading.part, reading.measurement}] = reading.why;
  return reasons;
}

namespace {

/// A GPU that answers nothing any more was asked for some twenty things.
Phrase first_of(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 3;
  if (names.size() <= kNamed) return phrase_of_measurements(names);
  return phrase("{0} and {1} more", "{0} 等 {2} 项",
                phrase_of_measurements({names.begin(), names.begin() + kNamed}), names.size() - kNamed,
                names.size());
}

}  // namespace

void observe_missing_readings(const Case& c, std::vector<Observation>& seen) {
  for (const Step& step : c.run.steps) {
    std::map<std::pair<Part, std::string>, std::vector<std::string>> of;  // part and reason: measurements
    for (const MissingReading& reading : missing_readings_of(step)) {
      if (meaning_of_missing(reading.why).always_counts)
        of[{reading.part.unit(), reading.why}].push_back(reading.measurement);
    }
    for (const auto& [key, names] : of) {
      const MissingMeaning& meaning = meaning_of_missing(key.second);
      Observation observation;
      observation.code = meaning.code;
      observation.severity = c.severity_of(c.class_of(observation.code));
      observation.check = step.check;
      observation.step_part = step.part;
      observation.part = observation.evidence.part = c.place_of(observation.code, key.first);
      observation.evidence.step = step.id;
      observation.evidence.detail =
          phrase("asked for {}, it answers '{}'", "查询 {} 时返回“{}”", first_of(names), key.second);
      seen.push_back(std::move(observation));
    }
  }
}

}  // namespace assay::verdict
