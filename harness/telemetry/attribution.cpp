#include "harness/telemetry/attribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "harness/model/finding_codes.h"
#include "harness/model/missing_reading.h"
#include "harness/model/telemetry_measures.h"
#include "harness/telemetry/nvlink_counters.h"

namespace assay::telemetry {
namespace {

struct Delta {
  const char* counter;
  const char* measure;
};

/// Counters of healthy GPUs grow by nanoseconds to milliseconds (NVIDIA/DCGM issue 242), and one sample
/// stands for a tenth of a second.
constexpr double kSlowdownNoiseS = 0.2;

constexpr std::array<Delta, 11> kDeltas{{
    {counters::ecc_corrected_dram, "ecc_corrected_dram_delta"},
    {counters::ecc_uncorrected_dram, "ecc_uncorrected_dram_delta"},
    {counters::ecc_corrected_sram, "ecc_corrected_sram_delta"},
    {counters::ecc_uncorrected_sram, "ecc_uncorrected_sram_delta"},
    {counters::remapped_uncorrected, "remapped_rows_uncorrected_delta"},
    {counters::pcie_replay, "pcie_replay_delta"},
    {counters::pcie_rollover, "pcie_rollover_delta"},
    {counters::pcie_naks, "pcie_nak_delta"},
    {counters::pcie_corrected, "pcie_corrected_delta"},
    {counters::pcie_uncorrected, "pcie_uncorrected_delta"},
    {counters::pcie_recovery, "pcie_recovery_delta"},
}};

class Builder {
 public:
  explicit Builder(const Part& gpu) : gpu_(gpu) {}

  void measure(const std::string& name, double value) {
    for (const Measure& measure : telemetry_measures()) {
      if (measure.name != name) continue;
      result.measurements.push_back({name, value, std::string(symbol(measure.unit)),
                                     gpu_.below(measure.subcomponent), kTelemetryCheck});
    }
  }
  void measure_at(const Part& part, const std::string& name, Value value, Unit unit) {
    result.measurements.push_back({name, std::move(value), std::string(symbol(unit)), part, kTelemetryCheck});
  }
  void measure(const std::string& name, const Reading<double>& reading) {
    if (reading.value) measure(name, *reading.value);
  }
  void missing(const std::string& name, const std::string& why) {
    for (const Measure& measure : telemetry_measures()) {
      if (measure.name == name) missing_.push_back({gpu_.below(measure.subcomponent), name, why});
    }
  }
  void keep_missing() {
    if (!missing_.empty()) result.evidence.push_back({kMissingReadings, {{"readings", missing_}}});
  }
  void error(const std::string& symptom, const Phrase& message) {
    result.errors.push_back(Error::of(symptom, message, gpu_));
  }

  const Part& gpu() const { return gpu_; }

  StepTelemetry result;

 private:
  const Part& gpu_;
  std::vector<MissingReading> missing_;
};

std::optional<std::int64_t> counter(const GpuReadings& gpu, const char* name) {
  const auto found = gpu.state.counters.find(name);
  return found == gpu.state.counters.end() ? std::nullopt : found->second.value;
}

/// Nothing where it is not known at either end, or ran backwards.
std::optional<double> growth(Builder& builder, const char* name,
                             const std::map<std::string, std::int64_t>& before, const GpuReadings& after) {
  const auto first = before.find(name);
  const auto last = counter(after, name);
  if (first == before.end() || !last) return std::nullopt;
  if (*last < first->second) {
    builder.error(codes::counter_backwards,
                  phrase("{} went from {} to {}", "{} 由 {} 变为 {}", name, first->second, *last));
    return std::nullopt;
  }
  return static_cast<double>(*last - first->second);
}

void add_deltas(Builder& builder, const std::map<std::string, std::int64_t>& before,
                const GpuReadings& after) {
  for (const Delta& delta : kDeltas) {
    const auto now = after.state.counters.find(delta.counter);
    if (now != after.state.counters.end() && !now->second.has_value())
      builder.missing(delta.measure, now->second.missing);
    if (const auto grown = growth(builder, delta.counter, before, after))
      builder.measure(delta.measure, *grown);
  }
}

/// The counters count from when they were read last, which may lie a long wait before the step: where there
/// are samples, what they stand for is the step. 0 where neither says anything.
double span_of(const SampledSlowdowns& sampled, Nanoseconds since, const Snapshot& after) {
  constexpr double kEnoughSamplesS = 1;
  const Nanoseconds counted = since == 0 ? 0 : after.readings.time - since;
  if (sampled.sampled_s >= kEnoughSamplesS) return sampled.sampled_s;
  return std::max(seconds_of(counted), sampled.sampled_s);
}

/// By whichever of the two witnesses says more: a driver that does not count, and a sampler that looked
/// elsewhere, excuse nobody. `span_s`: for how long the counters have counted.
void add_slowdowns(Builder& builder, const std::map<std::string, std::int64_t>& before,
                   const GpuReadings& after, const SampledSlowdowns& sampled, double span_s) {
  constexpr double kSecondsPerNanosecond = 1e-9;
  for (std::size_t i = 0; i < kSlowdowns; ++i) {
    const auto slowdown = static_cast<Slowdown>(i);
    const char* const counter = counter_of(slowdown);
    const auto counted_ns = counter == nullptr ? std::nullopt : growth(builder, counter, before, after);
    if (!counted_ns && sampled.sampled_s == 0) continue;
    const double held_s = std::max(counted_ns.value_or(0) * kSecondsPerNanosecond, sampled.held_s[i]);
    builder.measure(measure_of(slowdown), held_s);
    if (slowdown != Slowdown::software_thermal) continue;
    const bool noise = held_s <= kSlowdownNoiseS;
    builder.measure("sw_thermal_share", noise ? 0 : held_s / std::max(held_s, span_s));
  }
}

/// Of a step of which the counters and the samples saw the same stretch.
void add_energy(Builder& builder, const std::map<std::string, std::int64_t>& before, const GpuReadings& after,
                const SeriesSummary& series, double counted_s) {
  constexpr double kLeast_s = 20, kMostApart = 0.05, kJoulesPerMillijoule = 1e-3;
  const double sampled_s = series.slowdowns.sampled_s;
  if (sampled_s < kLeast_s || std::abs(counted_s / sampled_s - 1) > kMostApart) return;
  // Ten looks a second at a load that swings as fast add up to nothing.
  constexpr double kSteady = 1.15;
  if (!series.power_p95_w.value || !series.power_median_w.value ||
      *series.power_p95_w.value > kSteady * *series.power_median_w.value)
    return;
  const auto counted_mj = growth(builder, counters::energy_mj, before, after);
  if (!counted_mj || !series.power_mean_w.value || !(*series.power_mean_w.value > 0)) return;
  builder.measure("energy_over_power",
                  *counted_mj * kJoulesPerMillijoule / (*series.power_mean_w.value * counted_s));
}

void add_nvlinks(Builder& builder, const std::map<std::string, std::int64_t>& before,
                 const GpuReadings& after) {
  const NvlinkChanges all = nvlink_changes(before, after.state.nvlinks);
  if (all.counted == 0 && !all.all_lost) {
    for (const NvlinkReading& link : after.state.nvlinks) {
      if (link.up.value != 1 || link.replays.has_value()) continue;
      builder.missing("nvlinks_counted", link.replays.missing);
      break;
    }
  }
  // None at all: there are no switches, or nobody has made the way over them ready.
  if (all.counted > 0 || all.all_lost) builder.measure("nvlinks_counted", all.counted);
  std::set<std::size_t> grown;
  for (const NvlinkChange& change : all.changes) {
    const Part link = builder.gpu().below(nvlink_name(change.link));
    if (change.after < change.before) {
      builder.error(codes::counter_backwards,
                    phrase("{0} of {1} went from {2} to {3}", "{1} 的 {0} 由 {2} 变为 {3}", change.measure,
                           link, change.before, change.after));
      continue;
    }
    builder.measure_at(link, change.measure, static_cast<double>(change.after - change.before), Unit::count);
    if (grown.insert(change.link).second)
      builder.measure_at(link, kCulprit, far_end_of(after.state.nvlinks[change.link]), Unit::text);
  }
}

/// Lines that say the same, as one: a GPU in trouble logs many.
struct Said {
  const KernelEvent* first;
  std::int64_t further = 0;
};

/// Of an event that means something.
const char* code_of(const KernelEvent& event) {
  switch (event.meaning) {
    case KernelEvent::Meaning::none:
      break;
    case KernelEvent::Meaning::somebody_elses:
      return codes::foreign_process;
    case KernelEvent::Meaning::counts:
      return codes::xid;
    case KernelEvent::Meaning::fatal:
      return event.kind == KernelEvent::Kind::pcie ? codes::pcie_fatal : codes::xid_fatal;
    case KernelEvent::Meaning::lost:
      return codes::device_lost;
  }
  return codes::xid;
}

void say(Builder& builder, const Said& said) {
  Phrase message = explained(*said.first);
  if (said.further > 0) message += phrase(" (and {} more)", "（另有 {} 条）", said.further);
  if (said.first->meaning == KernelEvent::Meaning::somebody_elses) {
    message = phrase("process {0} ({1}) was at work on {2}: {3}", "进程 {0}（{1}）正在使用 {2}：{3}",
                     said.first->pid, said.first->process, builder.gpu(), message);
  }
  builder.error(code_of(*said.first), message);
}

void add_events(Builder& builder, const std::string& pci_address, const std::vector<KernelEvent>& events,
                const std::string& log_missing) {
  std::int64_t xids = 0;
  std::map<std::tuple<KernelEvent::Meaning, KernelEvent::Kind, int, int, std::int64_t>, Said> all;
  nlohmann::json lines = nlohmann::json::array();
  for (const KernelEvent& event : events) {
    if (event.pci_address != pci_address) continue;
    lines.push_back(line_of(event));
    if (event.meaning == KernelEvent::Meaning::counts) xids += 1 + event.more;
    if (event.meaning == KernelEvent::Meaning::none) continue;
    const bool is_foreign = event.meaning == KernelEvent::Meaning::somebody_elses;
    const auto [said, is_new] = all.try_emplace(
        {event.meaning, event.kind, event.number, event.link, is_foreign ? event.pid : 0}, Said{&event});
    if (!is_new) said->second.further += 1 + event.more;
  }
  for (const auto& [what, said] : all) say(builder, said);
  // Of a log of which lines were lost, what is left counts all the same: of Xids, fewer than there were are
  // enough to fail.
  if (log_missing.empty() || xids > 0)
    builder.measure("xid_count", static_cast<double>(xids));
  else
    builder.missing("xid_count", kLogMissing);
  if (!lines.empty()) builder.result.evidence.push_back({"kernel_log", {{"lines", lines}}});
}

void add_series(Builder& builder, const SeriesSummary& series) {
  builder.measure("samples", series.samples);
  builder.measure("pcie_generation_at_work", series.pcie_generation);
  builder.measure("pcie_width_at_work", series.pcie_width);
  builder.measure("power_median", series.power_median_w);
  builder.measure("power_p95", series.power_p95_w);
  builder.measure("power_steady", series.power_steady_w);
  builder.measure("sm_clock_steady", series.sm_clock_steady_mhz);
  builder.measure("temperature_steady", series.temperature_steady_c);
  builder.measure("memory_temperature_steady", series.memory_temperature_steady_c);
  builder.measure("memory_over_core_steady", series.memory_over_core_steady_c);
  builder.measure("margin_steady", series.margin_steady_c);
  builder.measure("cooling_drop", series.cooling.drop_c_per_w);
  builder.measure("temperature_drift", series.cooling.drift_c);
  builder.measure("temperature_p95", series.temperature_p95_c);
  builder.measure("memory_temperature_p95", series.memory_temperature_p95_c);
  builder.measure("sm_clock_median", series.sm_clock_median_mhz);
}

}  // namespace

std::string line_of(const KernelEvent& event) {
  return event.more == 0 ? event.line : fmt::format("{} (and {} more like it)", event.line, event.more);
}

Phrase explained(const KernelEvent& event) {
  return event.explained.empty() ? Phrase(line_of(event)) : event.explained;
}

const GpuReadings* find_gpu(const NodeReadings& readings, const std::string& pci_address) {
  for (const GpuReadings& gpu : readings.gpus) {
    if (gpu.identity.pci_address.value == pci_address) return &gpu;
  }
  return nullptr;
}

StepTelemetry attribute(const Part& gpu, const std::string& pci_address,
                        const std::map<std::string, std::int64_t>& before, const Snapshot& after,
                        const std::vector<KernelEvent>& events, const std::string& log_missing,
                        Nanoseconds since) {
  Builder builder(gpu);
  const auto found = after.series.find(pci_address);
  const bool has_series = found != after.series.end();
  const SeriesSummary series = has_series ? found->second : SeriesSummary{};
  const GpuReadings* last = find_gpu(after.readings, pci_address);
  add_events(builder, pci_address, events, log_missing);
  if (last == nullptr) {
    builder.error(codes::device_lost,
                  {"the management library does not list it any more", "管理库（NVML）已不再列出该 GPU"});
  } else if (last->lost == "timeout") {
    builder.error(codes::telemetry_hung,
                  phrase("a management library call did not return within {} s",
                         "管理库（NVML）的一次调用在 {} 秒内未返回", kCallTimeoutMs / 1000));
  } else if (!last->lost.empty()) {
    const MissingMeaning& meaning = meaning_of_missing(last->lost);
    builder.error(meaning.always_counts ? meaning.code : codes::device_lost,
                  phrase("the management library answers '{}': {}", "管理库（NVML）返回“{}”：{}", last->lost,
                         Phrase(meaning.words, meaning.chinese)));
  } else {
    add_deltas(builder, before, *last);
    add_slowdowns(builder, before, *last, series.slowdowns, span_of(series.slowdowns, since, after));
    if (since != 0) add_energy(builder, before, *last, series, seconds_of(after.readings.time - since));
    add_nvlinks(builder, before, *last);
  }
  if (has_series) add_series(builder, series);
  builder.keep_missing();
  return std::move(builder.result);
}

}  // namespace assay::telemetry
