// Whether a run was simulated, by everything in it that says so. One that contradicts itself was edited.
#pragma once

#include <string>
#include <vector>

namespace assay::record {

class SimulationTraces {
 public:
  /// `where` says that the run was simulated, or that it was not: "the plan".
  void add(const std::string& where, bool simulated);
  /// Any trace of simulation is enough.
  bool simulated() const { return !simulated_.empty(); }
  /// "the run contradicts itself: simulated by the step ids; real by the plan"; empty where all agree.
  std::string contradiction() const;

 private:
  std::vector<std::string> simulated_, real_;  // who says so, each once
};

}  // namespace assay::record
