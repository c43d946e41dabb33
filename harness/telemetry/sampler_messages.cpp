#include "harness/telemetry/sampler.h"

namespace assay::telemetry {
namespace {

using nlohmann::json;

json reading(const Reading<double>& r) {
  return r.value ? json(*r.value) : json{{"missing", r.missing}};
}

Reading<double> reading(const json& j) {
  if (j.is_number()) return Reading<double>::of(j.get<double>());
  return Reading<double>::none(j.at("missing").get<std::string>());
}

}  // namespace

void to_json(json& j, const SamplerStart& s) {
  j = {{"node", s.node},
       {"attributed", s.attributed},
       {"kernel_log_position", s.kernel_log_position},
       {"run_began", s.run_began}};
}

void from_json(const json& j, SamplerStart& s) {
  s.node = j.at("node");
  j.at("attributed").get_to(s.attributed);
  j.at("kernel_log_position").get_to(s.kernel_log_position);
  j.at("run_began").get_to(s.run_began);
}

void to_json(json& j, const Snapshot& s) {
  json series = json::object();
  for (const auto& [address, summary] : s.series) {
    series[address] = {{"samples", summary.samples},
                       {"power_median_w", reading(summary.power_median_w)},
                       {"power_p95_w", reading(summary.power_p95_w)},
                       {"temperature_p95_c", reading(summary.temperature_p95_c)},
                       {"memory_temperature_p95_c", reading(summary.memory_temperature_p95_c)},
                       {"sm_clock_median_mhz", reading(summary.sm_clock_median_mhz)},
                       {"power_steady_w", reading(summary.power_steady_w)},
                       {"sm_clock_steady_mhz", reading(summary.sm_clock_steady_mhz)},
                       {"temperature_steady_c", reading(summary.temperature_steady_c)},
                       {"memory_temperature_steady_c", reading(summary.memory_temperature_steady_c)},
                       {"memory_over_core_steady_c", reading(summary.memory_over_core_steady_c)},
                       {"margin_steady_c", reading(summary.margin_steady_c)},
                       {"power_mean_w", reading(summary.power_mean_w)},
                       {"pcie_generation", reading(summary.pcie_generation)},
                       {"pcie_width", reading(summary.pcie_width)},
                       {"cooling_drop_c_per_w", reading(summary.cooling.drop_c_per_w)},
                       {"temperature_drift_c", reading(summary.cooling.drift_c)},
                       {"held_s", summary.slowdowns.held_s},
                       {"reasons_seen_s", summary.slowdowns.sampled_s}};
  }
  j = {{"readings", s.readings},
       {"events", s.events},
       {"events_uncounted", s.events_uncounted},
       {"kernel_log_missing", s.kernel_log_missing},
       {"kernel_log_begin", s.kernel_log_begin},
       {"kernel_log_position", s.kernel_log_position},
       {"series", std::move(series)}};
}

void from_json(const json& j, Snapshot& s) {
  j.at("readings").get_to(s.readings);
  j.at("events").get_to(s.events);
  j.at("events_uncounted").get_to(s.events_uncounted);
  j.at("kernel_log_missing").get_to(s.kernel_log_missing);
  j.at("kernel_log_begin").get_to(s.kernel_log_begin);
  j.at("kernel_log_position").get_to(s.kernel_log_position);
  for (const auto& [address, summary] : j.at("series").items()) {
    s.series[address] = {
        summary.at("samples").get<int>(),
        reading(summary.at("power_median_w")),
        reading(summary.at("power_p95_w")),
        reading(summary.at("temperature_p95_c")),
        reading(summary.at("memory_temperature_p95_c")),
        reading(summary.at("sm_clock_median_mhz")),
        reading(summary.at("power_steady_w")),
        reading(summary.at("sm_clock_steady_mhz")),
        reading(summary.at("temperature_steady_c")),
        reading(summary.at("memory_temperature_steady_c")),
        reading(summary.at("memory_over_core_steady_c")),
        reading(summary.at("margin_steady_c")),
        reading(summary.at("power_mean_w")),
        reading(summary.at("pcie_generation")),
        reading(summary.at("pcie_width")),
        {reading(summary.at("cooling_drop_c_per_w")), reading(summary.at("temperature_drift_c"))},
        {summary.at("held_s").get<std::array<double, kSlowdowns>>(),
         summary.at("reasons_seen_s").get<double>()}};
  }
}

}  // namespace assay::telemetry
