// PCIe's part of everything at once: copies from and to the host's memory, both ways, all the time.
#include <algorithm>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/host_copies/host_copies.h"
#include "suites/arrived_bad.h"

namespace assay {
namespace {

/// Of a second and more: what is compared in between is little beside them.
constexpr int kCopiesOfBatch = 100;
constexpr int kFewestBatches = 2;

void add(memory::BadWords& on_device, memory::BadWords& on_host, const pcie::ArrivedBad& bad) {
  on_device += bad.on_device;
  on_host += bad.on_host;
}

void run(Context& context) {
  const auto copies =
      pcie::make_host_copies(context.gpu(), context.host(), kAnyNumaNode, pcie::kCopyBytes, context.seed());
  memory::BadWords on_device, on_host;
  std::vector<double> rates;
  add(on_device, on_host, copies->look());
  const Nanoseconds start = context.clock().now();
  for (double elapsed_s = 0; rates.size() < kFewestBatches || elapsed_s < context.duration_s();) {
    copies->begin(pcie::Way::both, kCopiesOfBatch);
    const double seconds = copies->end();
    rates.push_back(2e-9 * static_cast<double>(copies->bytes()) * kCopiesOfBatch / seconds);
    add(on_device, on_host, copies->compare(false));
    elapsed_s = seconds_of(context.clock().now() - start);
    if (context.duration_s() > 0) context.progress(std::min(1.0, elapsed_s / context.duration_s()));
  }
  add(on_device, on_host, copies->compare(true));
  context.measure("bad_words", static_cast<double>(on_device.count + on_host.count), Unit::count);
  context.measure("both_ways", median(rates), Unit::gb_per_s);
  const std::string at_gpu = text_of(on_device), at_host = text_of(on_host);
  if (!at_gpu.empty() || !at_host.empty())
    context.measure(kCulprit, at_gpu.empty() ? "at the host: " + at_host : "at the GPU: " + at_gpu);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  Work batch = pcie::work_of(pcie::Way::both, pcie::kCopyBytes);
  batch *= kCopiesOfBatch;
  const double batch_s = speed.seconds_of_demands(batch);
  return std::max(duration_s, kFewestBatches * batch_s) + batch_s;
}

const Registered combined_transfers{{
    .name = "stress.combined_transfers",
    .summary = "What goes over PCIe, both ways, arrives unchanged while everything else is at work",
    .scope = Scope::ranks,
    .measures =
        {
            {"bad_words", Unit::count,
             "16-byte words that arrived otherwise than they were sent, at the GPU or at the host", "pcie"},
            {kCulprit, Unit::text, "where they arrived, and what of them was wrong", "pcie", false},
            {"both_ways", Unit::gb_per_s,
             "bytes to the GPU plus bytes to the host over device time, of batches of a second: median",
             "pcie", false},
        },
    .findings = {"pcie.miscompare"},
    .run = run,
    .detects = "PCIe links that spoil data only while everything else is at work",
    .misses = "how fast they are: pcie.bandwidth",
    .device_evidence = "never run on a GPU",
    .meets = false,
    .loads = {Resource::pcie_in, Resource::pcie_out, Resource::host_memory, Resource::memory,
              Resource::cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
