#include "harness/record/simulation_traces.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace assay::record {

void SimulationTraces::add(const std::string& where, bool simulated) {
  std::vector<std::string>& said = simulated ? simulated_ : real_;
  if (std::find(said.begin(), said.end(), where) == said.end()) said.push_back(where);
}

std::string SimulationTraces::contradiction() const {
  if (simulated_.empty() || real_.empty()) return {};
  return fmt::format("the run contradicts itself: simulated by {}; real by {}", fmt::join(simulated_, ", "),
                     fmt::join(real_, ", "));
}

}  // namespace assay::record
