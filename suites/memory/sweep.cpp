// Every word of nearly all device memory, under patterns that provoke the classical memory faults. With ECC
// on, a single bad cell never shows as a miscompare: the patterns provoke it, and the counters that are read
// around this step tell.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/memory_bandwidth.h"
#include "kernels/memory_region.h"
#include "kernels/memory_sweep.h"
#include "suites/measuring.h"
#include "suites/memory/miscompares.h"

namespace assay {
namespace {

using memory::MemorySweep;
using memory::Pass;
using memory::SweepReport;

constexpr std::uint64_t kReserveBytes =
    64ULL << 20;  // the kernels' own counters, and what the driver wants for launches
constexpr Repetitions kCopies{1, 5, 20, 0.01};

struct Totals {
  double traversals = 0;
  double bytes = 0;
  double seconds = 0;
  SweepReport report{};  // as of the last pass that ended
  std::vector<Pass> passes;
};

double plain_copy_gb_per_s(Context& context) {
  Gpu& gpu = context.gpu();
  const auto bandwidth =
      memory::make_memory_bandwidth(gpu, memory::default_stream_bytes(gpu), context.seed());
  const double seconds = median_seconds(kCopies, [&] { return bandwidth->run(memory::Stream::copy, 1); });
  return bandwidth->bytes(memory::Stream::copy) / seconds / 1e9;
}

/// Full sets, until the duration is used up. Each draws other random data.
void sweep_for_duration(Context& context, MemorySweep& sweep, int page_shift, Totals& totals) {
  const Nanoseconds start = context.clock().now();
  const auto duration = nanoseconds_of(context.duration_s());
  int set = 0;
  do {
    const std::vector<Pass> passes = memory::full_set(context.seed(), set++, page_shift);
    double done = 0;
    for (const Pass& pass : passes) {
      const memory::PassResult result = sweep.run(pass);
      totals.passes.push_back(pass);
      done += pass.traversals();
      totals.bytes += result.bytes;
      totals.seconds += result.seconds;
      if (pass.read) {
        const bool first_found = totals.report.bad_words == 0;
        totals.report = sweep.report();
        // At once, and again with the totals at the end: a worker that is killed meanwhile loses no evidence.
        if (first_found && totals.report.bad_words > 0)
          emit_miscompares(context, totals.report, totals.passes);
      }
      const double of_set = done / memory::traversals(passes);
      const double elapsed = static_cast<double>(context.clock().now() - start);
      const double of_duration = duration > 0 ? elapsed / static_cast<double>(duration) : 1;
      context.progress(std::min(set == 1 ? of_set : 1.0, std::min(1.0, of_duration)));
    }
    totals.traversals += done;
  } while (context.clock().now() < start + duration);
}

void run(Context& context) {
  Gpu& gpu = context.gpu();
  const double copy_gb_per_s = plain_copy_gb_per_s(context);
  const auto region = memory::allocate_region(gpu, kReserveBytes);
  std::vector<DeviceBuffer*> buffers;
  double bytes = 0;
  for (const auto& buffer : region) {
    buffers.push_back(buffer.get());
    bytes += static_cast<double>(buffer->bytes());
  }
  const int page_shift = memory::sweep_page_shift(gpu);
  const auto sweep = memory::make_memory_sweep(gpu, buffers, page_shift);
  Totals totals;
  try {
    sweep_for_duration(context, *sweep, page_shift, totals);
  } catch (const DeviceError&) {
    // What was found before the device gave up stands.
    if (totals.report.bad_words > 0) emit_miscompares(context, totals.report, totals.passes);
    throw;
  }
  emit_miscompares(context, totals.report, totals.passes);
  context.measure("coverage", bytes / static_cast<double>(gpu.memory().total_bytes), Unit::ratio);
  context.measure("passes", totals.traversals, Unit::count);
  const double gb_per_s = totals.bytes / totals.seconds / 1e9;
  context.measure("sweep_bandwidth", gb_per_s, Unit::gb_per_s);
  context.measure("copy_ratio", gb_per_s / copy_gb_per_s, Unit::ratio);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const auto stream = static_cast<double>(memory::default_stream_bytes(speed.free_bytes(), speed.l2_bytes));
  const auto one = [&](memory::Stream kind) { return speed.seconds(memory::work_of(kind, stream)); };
  constexpr int kFills = 2;
  const double plain_copy_s = speed.seconds_to_hold(3 * stream) + kFills * one(memory::Stream::write) +
                              (kCopies.warm_ups + kCopies.least) * one(memory::Stream::copy);
  const double region = speed.free_bytes() - static_cast<double>(kReserveBytes);
  double set_s = 0;
  for (const Pass& pass : memory::full_set(0, 0, memory::kCardPageShift))
    set_s += speed.seconds(pass.work(region));
  return plain_copy_s + speed.seconds_to_hold(region) + std::max(1.0, std::ceil(duration_s / set_s)) * set_s;
}

const Registered memory_sweep{{
    .name = "memory.sweep",
    .summary = "Every word of at least 95 % of the memory holds what is written to it, under address, march "
               "and random patterns",
    .scope = Scope::gpu,
    .measures =
        {
            {"bad_words", Unit::count,
             "16-byte words read with another value than was written, over all passes", "hbm"},
            {kCulprit, Unit::text,
             "what the first 64 miscompares have in common: a bit of the data path or of the address, a "
             "cell, "
             "a read",
             "hbm", false},
            {"coverage", Unit::ratio, "bytes swept over bytes of device memory", "hbm"},
            {"passes", Unit::count, "times that every word was read or written; a full set is 100", ""},
            {"sweep_bandwidth", Unit::gb_per_s, "bytes read plus written by the sweep over device time",
             "hbm", false},
            {"copy_ratio", Unit::ratio, "sweep bandwidth over a plain copy's in the same step", "hbm", false},
        },
    .findings = {"memory.miscompare", "memory.coverage"},
    .run = run,
    .detects = "cells that are stuck, do not change or are disturbed by others, wires of the data path, "
               "lines of the address: `assay "
               "coverage` has the shares; single bits show in the ECC counters beside it",
    .misses = "cells that leak within seconds (memory.retention), row hammer, the 0.4 % of the memory that "
              "the driver keeps",
    .device_evidence =
        "H200, driver 580.159.04, 2026-11-26: reports/evidence/2026-11-26-h200-2; walking bit, scattered "
        "pages and words written anew have never run on a GPU",
    .loads = {Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
