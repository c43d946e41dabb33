#include "harness/verdict/draft.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace assay::verdict {
namespace {

/// Accusations of one part are one finding, whichever checks made them.
std::string separate_check(FindingClass cls, const std::string& check) {
  return accuses(cls) ? std::string() : check;
}

}  // namespace

int rank_of(const Draft& draft) {
  if (draft.severity == Severity::marginal || draft.severity == Severity::waived) return 3;
  switch (draft.cls) {
    case FindingClass::corruption:
    case FindingClass::device_fault:
      return 0;
    case FindingClass::incomplete:
    case FindingClass::environment:
      return 1;
    case FindingClass::condition:
    case FindingClass::performance:
      return 2;
  }
  return 1;
}

std::vector<Draft> gather(const Case& c, const std::vector<Observation>& seen) {
  std::map<std::tuple<FindingCode, Part, std::string>, Draft> drafts;
  for (const Observation& observation : seen) {
    const FindingClass cls = c.class_of(observation.code);
    Draft& draft = drafts[{observation.code, observation.part, separate_check(cls, observation.check)}];
    if (draft.evidence.empty()) {
      draft.code = observation.code;
      draft.check = observation.check;
      draft.cls = cls;
      draft.kind = c.kind(observation.code);
      draft.part = observation.part;
    }
    if (observation.severity < draft.severity) {  // the worse one comes first, so that the texts quote it
      draft.severity = observation.severity;
      draft.check = observation.check;
      draft.evidence.insert(draft.evidence.begin(), observation.evidence);
    } else {
      draft.evidence.push_back(observation.evidence);
    }
    draft.because.insert(draft.because.end(), observation.because.begin(), observation.because.end());
  }
  std::vector<Draft> ordered;
  for (auto& [key, draft] : drafts) {
    std::sort(draft.because.begin(), draft.because.end());  // thousands of steps name the same few causes
    draft.because.erase(std::unique(draft.because.begin(), draft.because.end()), draft.because.end());
    ordered.push_back(std::move(draft));
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const Draft& a, const Draft& b) {
    return std::make_tuple(rank_of(a), a.cls) < std::make_tuple(rank_of(b), b.cls);
  });
  return ordered;
}

std::vector<const Hardware*> hardware_of(const RunRecord& run, const Part& part) {
  std::vector<const Hardware*> found;
  for (const Part& unit : part.units()) {
    for (const Hardware& hardware : run.hardware) {
      if (hardware.id == unit) found.push_back(&hardware);
    }
  }
  return found;
}

}  // namespace assay::verdict
