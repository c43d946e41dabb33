// What makes GPUs hot, and what brakes them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/power_steps.h"
#include "harness/node_sim/thermal_model.h"

namespace assay::sim {
namespace {

constexpr double kMostSeconds = 86400;

const RegisteredFault paste{
    {"paste",
     "the cold plate or heat sink takes up heat badly: paste, mounting",
     "gpu",
     {{"excess", "how much more its resistance is than a good one's, of that", Unit::ratio, 0.05, 5, 1.2}}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().resistance_excess += gpu.parameter("excess"); }}};

const RegisteredFault blocked_slot{
    {"blocked_slot",
     "the air of one slot is warmer than its neighbours'",
     "gpu",
     {{"warmer", "by so much", Unit::celsius, 1, 60, 25}}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().inlet_excess_c += gpu.parameter("warmer"); }}};

const RegisteredFault air_warms{
    {"air_warms",
     "the air of a slot that is in front of others becomes warmer as long as its GPU is under load",
     "gpu",
     {{"per_minute", "by so much", Unit::celsius, 0.1, 60, 7}}},
    {.at_launch = [](const Launch& launch) {
      constexpr double kSecondsPerMinute = 60;
      const Lock lock(launch.state.mutex);
      GpuDynamic& gpu = launch.dynamic();
      gpu.heat = heat_at(launch.state.plant, gpu, launch.clock.now());  // under the air that it has had
      gpu.inlet_excess_c = fault_parameter(launch.fault, "per_minute", 0) / kSecondsPerMinute *
                           seconds_since_rise(gpu, launch.clock.now());
    }}};

const RegisteredFault hbm_hot{
    {"hbm_hot",
     "the memory gives off its heat badly, the core does not: uneven contact",
     "gpu",
     {{"warmer", "by so much at full bandwidth", Unit::celsius, 1, 60, 30}}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().hbm_excess_c += gpu.parameter("warmer"); }}};

/// The air of the slots from `first` to `last`.
void warm_air(State& state, const FaultState& fault, double first, double last) {
  for (int gpu = 0; gpu < state.gpu_count; ++gpu) {
    const std::int32_t slot = state.constants[gpu].slot;
    if (first <= slot && slot <= last)
      state.dynamic[gpu].inlet_excess_c += fault_parameter(fault, "warmer", 0);
  }
}

const RegisteredFault hot_room{{"hot_room",
                                "the air that the node takes in is too warm",
                                "node",
                                {{"warmer", "by so much", Unit::celsius, 1, 60, 25}}},
                               {.in_node = [](State& state, const FaultState& fault) {
                                 state.inlet_excess_c += fault_parameter(fault, "warmer", 0);
                                 warm_air(state, fault, 0, kMaxGpus - 1);
                               }}};

const RegisteredFault slow_fans{
    {"slow_fans",
     "all fans turn too slowly: the air becomes warm before it comes to the GPUs",
     "node",
     {{"warmer", "by so much", Unit::celsius, 1, 60, 25}}},
    {.in_node = [](State& state, const FaultState& fault) { warm_air(state, fault, 0, kMaxGpus - 1); }}};

const RegisteredFault dead_fan{
    {"dead_fan",
     "a fan stands still: the air of a row of slots is warmer than that of the others",
     "node",
     {{"warmer", "by so much", Unit::celsius, 1, 60, 20},
      {"first", "slot of the row", Unit::count, 0, kMaxGpus - 1, 4},
      {"last", "slot of the row", Unit::count, 0, kMaxGpus - 1, 7}}},
    {.in_node = [](State& state, const FaultState& fault) {
      warm_air(state, fault, fault_parameter(fault, "first", 0), fault_parameter(fault, "last", 0));
    }}};

std::vector<config::FaultParameter> brake_parameters() {
  return {{"after", "from the start of the run", Unit::seconds, 0, kMostSeconds, 0},
          {"for", "how long; 0: to the end", Unit::seconds, 0, kMostSeconds, 0}};
}

void brake(const State& state, GpuDynamic& gpu, const FaultState& fault) {
  const auto seconds = [&](const char* name) {
    return static_cast<Nanoseconds>(
        std::llround(fault_parameter(fault, name, 0) * static_cast<double>(kSecond)));
  };
  const std::int64_t from = state.clock.now + seconds("after");
  const std::int64_t until =
      seconds("for") == 0 ? std::numeric_limits<std::int64_t>::max() : from + seconds("for");
  // Of two, from the beginning of the first to the end of the last.
  const bool another = gpu.brake_until > 0;
  gpu.brake_from = another ? std::min(gpu.brake_from, from) : from;
  gpu.brake_until = std::max(gpu.brake_until, until);
}

const RegisteredFault power_brake{
    {"power_brake", "the power brake of one GPU is asserted", "gpu", brake_parameters()},
    {.at_start = [](const Planting& gpu) { brake(gpu.state, gpu.dynamic(), gpu.fault); }}};

const RegisteredFault power_brake_all{
    {"power_brake_all", "the power brake of all GPUs is asserted, as by a supply that fails", "node",
     brake_parameters()},
    {.in_node = [](State& state, const FaultState& fault) {
      for (int gpu = 0; gpu < state.gpu_count; ++gpu) brake(state, state.dynamic[gpu], fault);
    }}};

const RegisteredFault clock_held{
    {"clock_held",
     "the clock goes no higher than this, and no reason is given",
     "gpu",
     {{"clock", "the highest", Unit::megahertz, 345, 1980, 1300}}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().clock_held_mhz = gpu.parameter("clock"); }}};

const RegisteredFault clock_stays_low{
    {"clock_stays_low",
     "a clock that has gone down while the GPU rested within a load does not come back",
     "gpu",
     {{"clock", "no higher than this from then on", Unit::megahertz, 345, 1980, 1200},
      {"rest", "so long a rest, with a context held", Unit::seconds, 0.1, 3600, 2}}},
    {.at_launch = [](const Launch& launch) {
      const Lock lock(launch.state.mutex);
      GpuDynamic& gpu = launch.dynamic();
      if (seconds_of(gpu.steps.rested_ns) >= fault_parameter(launch.fault, "rest", 0))
        gpu.clock_held_mhz = fault_parameter(launch.fault, "clock", 0);
    }}};

const RegisteredFault supply_sags{
    {"supply_sags",
     "a supply that cannot follow when the load of the node swings at some frequencies: all GPUs are braked",
     "node",
     {{"shortest", "period of such swings", Unit::milliseconds, 4, 10000, 80},
      {"longest", "period of such swings", Unit::milliseconds, 4, 10000, 125},
      {"brake", "for how long at a time", Unit::seconds, 0.01, 10, 0.2}}},
    {.in_node = [](State& state, const FaultState& fault) {
      constexpr double kPerMillisecond = 1e-3;
      state.supply = {fault_parameter(fault, "shortest", 0) * kPerMillisecond,
                      fault_parameter(fault, "longest", 0) * kPerMillisecond,
                      fault_parameter(fault, "brake", 0)};
    }}};

const RegisteredFault leaky{
    {"leaky",
     "the same work draws more than on other GPUs, so that the limit leaves less clock",
     "gpu",
     {{"excess", "how much more, of that", Unit::ratio, 0.01, 2, 0.5}}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().power_excess = gpu.parameter("excess"); }}};

}  // namespace
}  // namespace assay::sim
