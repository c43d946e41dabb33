// How a function of the library answers: the checks that all share, then the question put to one GPU of the
// node.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "harness/node_sim/nvml_library/driver_age.h"
#include "harness/node_sim/nvml_library/planted.h"
#include "harness/node_sim/nvml_library/session.h"
#include "harness/node_sim/plant.h"

namespace assay::nvml {

/// One GPU at one moment, under the node's lock.
struct GpuView {
  int index;  // NVML's
  int gpu;    // the node's
  Nanoseconds now;
  sim::State& state;
  const sim::GpuConstants& constants;
  const sim::GpuDynamic& dynamic;

  sim::PlantReading plant() const {
    sim::keep_heat(state, gpu, now);
    return sim::read_plant(state, gpu, now);
  }
};

/// The text of a fixed field of State, which need not end in a zero.
template <std::size_t size>
std::string_view fixed_text(const char (&field)[size]) {
  return {field, strnlen(field, size)};
}

/// Checks in NVML's order: initialised, whether the driver knows the question, arguments, GPU there; then
/// what is planted for `function`, the exported one that calls. `body` maps a GpuView to a Return; `replace`
/// puts what is planted in the answer's place, and says whether it could.
template <typename Body, typename Replace>
Return with_gpu(Device device, bool arguments_valid, Body body, Replace replace, const char* function) {
  Session& session = Session::instance();
  const auto shared = session.state();
  if (!shared) return Return::uninitialized;
  sim::State& state = **shared;
  if (!has_function(fixed_text(state.driver_version), function)) return Return::function_not_found;
  if (!arguments_valid || !session.knows(device)) return Return::invalid_argument;
  const Nanoseconds now = session.now();
  if (hangs(state, device->gpu)) {
    for (;;) pause();
  }
  const auto planted = planted_answer(state, device->gpu, function, 0);
  if (planted) std::this_thread::sleep_for(std::chrono::duration<double>(planted->delay_s));
  if (planted && planted->result != Return::success) return planted->result;
  const sim::Lock lock(state.mutex);
  if (!state.dynamic[device->gpu].present) return Return::gpu_lost;
  const Return result = body(GpuView{device->index, device->gpu, now, state, state.constants[device->gpu],
                                     state.dynamic[device->gpu]});
  if (planted && result == Return::success && !replace(*planted) && planted->delay_s == 0)
    ++planted->fault->without_effect;
  return result;
}

/// The same where the answer is a structure: only errors and delays can be planted.
template <typename Body>
Return with_gpu(Device device, bool arguments_valid, Body body, const char* function = __builtin_FUNCTION()) {
  return with_gpu(
      device, arguments_valid, body, [](const PlantedAnswer&) { return false; }, function);
}

/// *out = value(GpuView), where `valid` says that the other arguments are.
template <typename T, typename Value>
Return answer_if(bool valid, Device device, T* out, Value value,
                 const char* function = __builtin_FUNCTION()) {
  return with_gpu(
      device, valid && out != nullptr,
      [&](const GpuView& gpu) {
        *out = static_cast<T>(value(gpu));
        return Return::success;
      },
      [&](const PlantedAnswer& planted) {
        if (!planted.text.empty()) return false;
        *out = saturated<T>(planted.value);
        return true;
      },
      function);
}

/// *out = value(GpuView).
template <typename T, typename Value>
Return answer(Device device, T* out, Value value, const char* function = __builtin_FUNCTION()) {
  return answer_if(true, device, out, value, function);
}

/// The same for what is one value on every H200.
template <typename T>
Return answer_constant(Device device, T* out, T value, const char* function = __builtin_FUNCTION()) {
  return answer(
      device, out, [value](const GpuView&) { return value; }, function);
}

/// An H200 has no such thing.
inline Return not_supported(Device device, bool arguments_valid,
                            const char* function = __builtin_FUNCTION()) {
  return with_gpu(
      device, arguments_valid, [](const GpuView&) { return Return::not_supported; }, function);
}

inline Return copy_text(std::string_view text, char* out, unsigned length) {
  if (text.size() >= length) return Return::insufficient_size;
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = '\0';
  return Return::success;
}

template <typename Value>
Return answer_text(Device device, char* out, unsigned length, Value value,
                   const char* function = __builtin_FUNCTION()) {
  return with_gpu(
      device, out != nullptr, [&](const GpuView& gpu) { return copy_text(value(gpu), out, length); },
      [&](const PlantedAnswer& planted) {
        return !planted.text.empty() && copy_text(planted.text, out, length) == Return::success;
      },
      function);
}

}  // namespace assay::nvml
