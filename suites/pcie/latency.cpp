// How long a GPU waits for the host's memory: for a flag that it loads, and for copies that are as small.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/round_trips/round_trips.h"
#include "suites/pcie/near_memory.h"

namespace assay {
namespace {

constexpr std::size_t kSamples = 200;
constexpr int kWarmUps = 10;
/// 40 us: what a launch costs is little beside it.
constexpr int kLoadsInASample = 32;
constexpr double kMicroseconds = 1e6;

struct Percentiles {
  double median_us, most_us;
};

/// Of as many samples as fit into a third of the check's time.
Percentiles percentiles_of(Context& context, const std::function<double()>& once) {
  const Nanoseconds start = context.clock().now();
  const auto duration = nanoseconds_of(context.duration_s() / 3);
  std::vector<double> seconds;
  for (int i = 0; i < kWarmUps; ++i) once();
  while (seconds.size() < kSamples || context.clock().now() < start + duration)
    seconds.push_back(once() * kMicroseconds);
  return {median(seconds), quantile(seconds, 0.99)};
}

void emit(Context& context, const std::string& name, const Percentiles& of) {
  context.measure(name, of.median_us, Unit::microseconds);
  context.measure(name + "_p99", of.most_us, Unit::microseconds);
}

void run(Context& context) {
  const int near = pci::Tree(context.host().files()).numa_node(context.pci_address_of(0));
  const auto trips = pcie::near_or_any(context, near, [&](int node) {
    return latency::make_host_round_trips(context.gpu(), context.host(), node, context.seed());
  });
  emit(context, "flag", percentiles_of(context, [&] { return trips->load(kLoadsInASample); }));
  emit(context, "copy_to_device", percentiles_of(context, [&] { return trips->copy_to_device(); }));
  emit(context, "copy_to_host", percentiles_of(context, [&] { return trips->copy_to_host(); }));
  context.measure("wrong_words", static_cast<double>(trips->wrong_words()), Unit::count);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr int kCopiesOfEach = 2;  // with the one that sees what has arrived
  const double seconds =
      (static_cast<double>(kSamples) + kWarmUps) *
      (speed.seconds({WorkKind::host_round_trips, kLoadsInASample}) + 2 * kCopiesOfEach * speed.transfer_s);
  return std::max(duration_s, seconds);
}

const Registered pcie_latency{{
    .name = "pcie.latency",
    .summary = "GPUs wait no longer for the host's memory than PCIe makes them",
    .scope = Scope::gpu,
    .measures =
        {
            {"flag", Unit::microseconds,
             "from a load of pinned, near memory by a thread of the GPU to the next one, which depends on "
             "it: "
             "median of 200 samples of 32 at least",
             "pcie"},
            {"copy_to_device", Unit::microseconds,
             "device time of a copy of 64 bytes, one of eight after another: median of 200", "pcie"},
            {"copy_to_host", Unit::microseconds, "the same, the other way", "pcie"},
            {"flag_p99", Unit::microseconds, "of the same samples, what one in a hundred is above", "pcie",
             false},
            {"copy_to_device_p99", Unit::microseconds, "the same", "pcie", false},
            {"copy_to_host_p99", Unit::microseconds, "the same", "pcie", false},
            {"wrong_words", Unit::count, "loads and copies that brought something else than was there",
             "pcie"},
        },
    .findings = {"pcie.latency", "pcie.miscompare"},
    .run = run,
    .detects =
        "a way to the host's memory that is longer than it should be: retimers that train again, ports that "
        "save power, an IOMMU that translates every access",
    .misses = "what the GPU writes to the host; what the CPU waits for",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::pcie_in, Resource::pcie_out, Resource::host_memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
