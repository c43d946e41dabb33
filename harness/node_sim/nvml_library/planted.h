// Faults of the management library itself: it never answers (nvml_hang), or otherwise (nvml_answer).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "harness/node/nvml_abi.h"
#include "harness/node_sim/state.h"

namespace assay::nvml {

struct PlantedAnswer {
  Return result = Return::success;
  double value = 0;  // where the result is success
  std::string text;
  double delay_s = 0;
  sim::FaultState* fault = nullptr;
};

/// The number that `T` can hold which is nearest.
template <typename T>
T saturated(double value) {
  constexpr auto kLeast = static_cast<double>(std::numeric_limits<T>::min());
  constexpr auto kMost = static_cast<double>(std::numeric_limits<T>::max());
  if (!(value > kLeast)) return std::numeric_limits<T>::min();
  return value >= kMost ? std::numeric_limits<T>::max() : static_cast<T>(value);
}

/// A planted wedge: once work has run on the GPU, no call about it returns. Takes state.mutex.
bool hangs(sim::State& state, int gpu);

/// What is planted for this call of a function about the GPU, and `field` where it is of
/// nvmlDeviceGetFieldValues (0: the call as a whole); nothing where it answers as it should. Counts the call.
/// Takes state.mutex.
std::optional<PlantedAnswer> planted_answer(sim::State& state, int gpu, std::string_view function,
                                            unsigned field);

}  // namespace assay::nvml
