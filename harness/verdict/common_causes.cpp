// What most of the node's GPUs show alike comes from what they share: the room, its fans, the supply.
#include <fmt/format.h>

#include <map>
#include <set>

#include "harness/model/measurement_names.h"
#include "harness/verdict/evidence.h"

namespace assay::verdict {
namespace {

struct Alike {
  std::map<Part, const Observation*> first;  // by GPU
  std::set<std::string> measurements;
};

std::map<FindingCode, Alike> alike_in(const Case& c, const std::vector<Observation>& seen) {
  std::map<FindingCode, Alike> alike;
  for (const Observation& observation : seen) {
    const FindingKind* const kind = c.kind(observation.code);
    if (kind == nullptr || kind->of_most.empty() || observation.severity != Severity::fail) continue;
    if (!observation.part.gpu_slot()) continue;
    Alike& of_code = alike[observation.code];
    of_code.first.emplace(observation.part.unit(), &observation);
    of_code.measurements.insert(observation.evidence.measurement);
  }
  return alike;
}

std::size_t gpus_measured(const RunRecord& run, const std::set<std::string>& measurements) {
  std::set<Part> gpus;
  for (const Step& step : run.steps) {
    for (const Measurement& m : step.measurements) {
      if (m.part.gpu_slot() && measurements.count(m.name) > 0) gpus.insert(m.part.unit());
    }
  }
  return gpus.size();
}

}  // namespace

void observe_common_causes(const Case& c, std::vector<Observation>& seen) {
  std::map<FindingCode, FindingCode> common;  // by what is seen of the GPUs
  std::vector<Observation> found;
  for (const auto& [code, alike] : alike_in(c, seen)) {
    const std::size_t of = gpus_measured(c.run, alike.measurements);
    if (alike.first.size() < 2 || 2 * alike.first.size() < of) continue;
    const Observation& one = *alike.first.begin()->second;
    Observation observation;
    observation.code = common[code] = c.kind(code)->of_most;
    observation.severity = c.severity_of(c.class_of(observation.code));
    observation.check = one.check;
    observation.part = observation.evidence.part = "node";
    observation.evidence.step = one.evidence.step;
    Phrase values;
    for (const auto& [gpu, first] : alike.first) {
      if (!first->evidence.value) continue;
      if (!values.empty()) values += {", ", "、"};
      values += phrase("{} {} {}", "{} {} {}", gpu, phrase_of_measurement(first->evidence.measurement),
                       value_with_unit(first->evidence));
    }
    observation.evidence.detail =
        phrase("{0} of {1} GPUs: {2}", "{1} 块 GPU 中的 {0} 块：{2}", alike.first.size(), of, values);
    found.push_back(std::move(observation));
  }
  for (Observation& observation : seen) {
    const auto cause = common.find(observation.code);
    if (cause != common.end()) observation.because.emplace_back(cause->second, "node");
  }
  seen.insert(seen.end(), found.begin(), found.end());
}

}  // namespace assay::verdict
