// What memory still holds after it was left alone: written once, read again when other checks have worked
// beside it, or when the duration is over. A cell that leaks shows here and in no sweep, which writes
// everything anew within a tenth of a second. With ECC on, one bad cell of a codeword shows in the counters
// alone.
//
// A leaking cell loses one of its two states. Data are random: what one hold does not test, another with
// other data does.
#include <algorithm>
#include <memory>
#include <vector>

#include "harness/check.h"
#include "kernels/memory_region.h"
#include "kernels/memory_sweep.h"
#include "suites/memory/miscompares.h"

namespace assay {
namespace {

/// The kernels' own counters, and what the driver wants for launches.
constexpr std::uint64_t kReserveBytes = 64ULL << 20;

std::vector<memory::Pass> passes_of(std::uint64_t seed) {
  const memory::Pattern data = memory::random_data(seed);
  return {{data, false, false, true, "retention, write"}, {data, false, true, false, "retention, read"}};
}

void hold_until(Context& context, Nanoseconds start, Nanoseconds end) {
  for (Nanoseconds now = context.clock().now(); now < end; now = context.clock().now()) {
    context.progress(static_cast<double>(now - start) / static_cast<double>(end - start));
    context.clock().sleep_until(std::min(end, now + kSecond));
  }
}

void run(Context& context) {
  Gpu& gpu = context.gpu();
  const auto region = memory::allocate_region(gpu, kReserveBytes);
  std::vector<DeviceBuffer*> buffers;
  double bytes = 0;
  for (const auto& buffer : region) {
    buffers.push_back(buffer.get());
    bytes += static_cast<double>(buffer->bytes());
  }
  const auto sweep = memory::make_memory_sweep(gpu, buffers, memory::sweep_page_shift(gpu));
  const std::vector<memory::Pass> passes = passes_of(context.seed());
  sweep->run(passes[0]);
  const Nanoseconds written = context.clock().now();
  context.stay();
  hold_until(context, written, written + nanoseconds_of(context.duration_s()));
  const Nanoseconds read = context.clock().now();
  sweep->run(passes[1]);
  context.progress(1);
  emit_miscompares(context, sweep->report(), passes);
  context.measure("held", seconds_of(read - written), Unit::seconds);
  context.measure("coverage", bytes / static_cast<double>(gpu.memory().total_bytes), Unit::ratio);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double region = speed.free_bytes() - static_cast<double>(kReserveBytes);
  double seconds = speed.seconds_to_hold(region) + duration_s;
  for (const memory::Pass& pass : passes_of(0)) seconds += speed.seconds(pass.work(region));
  return seconds;
}

const Registered memory_retention{{
    .name = "memory.retention",
    .summary = "Memory holds what was written to it while it is left alone",
    .scope = Scope::gpu,
    .measures =
        {
            {"bad_words", Unit::count,
             "16-byte words read with another value than was written before the hold", "hbm"},
            culprit_of_miscompares(),
            {"held", Unit::seconds, "from the end of the writing to the beginning of the reading", "hbm"},
            {"coverage", Unit::ratio, "bytes held over bytes of device memory", "hbm"},
        },
    .findings = {"memory.miscompare", "memory.coverage"},
    .run = run,
    .detects = "cells that leak within the time that they are left alone: one of their two states a hold, "
               "drawn anew each time",
    .misses = "cells that hold that long; the memory that the checks beside it are left",
    .device_evidence = "never run on a GPU; its kernel is memory.sweep's",
    .stays = true,
    .loads = {Resource::memory},
    .at_work = 0.1,  // between writing and reading it waits
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
