// How fast device memory is read, written, copied and worked on, briefly and for as long as the profile says;
// and that what it moved is right. Buffers are far larger than the cache and hold full-entropy data: zeros
// move faster and draw less power.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/memory_bandwidth.h"
#include "suites/measuring.h"

namespace assay {
namespace {

using memory::MemoryBandwidth;
using memory::Stream;

constexpr Repetitions kRepetitions;
constexpr double kLongestSample_s = 0.5;
constexpr double kSamplesWanted = 100;
constexpr std::size_t kFewestSamples = 10;

double gb_per_s(const MemoryBandwidth& bandwidth, Stream stream, int launches, double seconds) {
  return bandwidth.bytes(stream) * launches / seconds / 1e9;
}

double median_bandwidth(MemoryBandwidth& bandwidth, Stream stream) {
  return gb_per_s(bandwidth, stream, 1,
                  median_seconds(kRepetitions, [&] { return bandwidth.run(stream, 1); }));
}

/// Copies until the duration is used up. The second half counts: by then the memory is as warm as copying
/// makes it.
double sustained_copy(Context& context, MemoryBandwidth& bandwidth) {
  const Nanoseconds start = context.clock().now();
  const auto duration = nanoseconds_of(context.duration_s());
  const double sample_s = std::min(kLongestSample_s, context.duration_s() / kSamplesWanted);
  const int launches = std::max(1, static_cast<int>(std::ceil(sample_s / bandwidth.run(Stream::copy, 1))));
  std::vector<double> rates;
  while (rates.size() < kFewestSamples || context.clock().now() < start + duration) {
    rates.push_back(gb_per_s(bandwidth, Stream::copy, launches, bandwidth.run(Stream::copy, launches)));
    if (duration > 0) {
      const double elapsed = static_cast<double>(context.clock().now() - start);
      context.progress(std::min(1.0, elapsed / static_cast<double>(duration)));
    }
  }
  rates.erase(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2));
  return quantile(rates, 0.05);
}

void run(Context& context) {
  Gpu& gpu = context.gpu();
  const auto bandwidth =
      memory::make_memory_bandwidth(gpu, memory::default_stream_bytes(gpu), context.seed());
  std::uint64_t bad_words = 0;
  const auto emit = [&](const char* name, double value) {
    context.measure(name, value, Unit::gb_per_s);
    // Each target is looked at before the next kind of launch writes over it.
    bad_words = std::max(bad_words, bandwidth->bad_words());
  };
  emit("read_bandwidth", median_bandwidth(*bandwidth, Stream::read));
  emit("write_bandwidth", median_bandwidth(*bandwidth, Stream::write));
  emit("copy_bandwidth", median_bandwidth(*bandwidth, Stream::copy));
  emit("triad_bandwidth", median_bandwidth(*bandwidth, Stream::triad));
  emit("sustained_copy_bandwidth", sustained_copy(context, *bandwidth));
  context.measure("bad_words", static_cast<double>(bad_words), Unit::count);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const auto bytes = static_cast<double>(memory::default_stream_bytes(speed.free_bytes(), speed.l2_bytes));
  const auto one = [&](Stream stream) { return speed.seconds(memory::work_of(stream, bytes)); };
  constexpr int kFills = 2,
                kVerifications = 2 + 3 * 4;  // of one buffer each; at first there is no target yet
  double seconds = speed.seconds_to_hold(3 * bytes) + kFills * one(Stream::write) +
                   kVerifications * one(Stream::read) + one(Stream::copy);
  for (const Stream stream : {Stream::read, Stream::write, Stream::copy, Stream::triad})
    seconds += (kRepetitions.warm_ups + kRepetitions.least) * one(stream);
  return seconds + std::max(duration_s, kFewestSamples * one(Stream::copy));
}

const Registered memory_bandwidth{{
    .name = "memory.bandwidth",
    .summary = "HBM3e sustains its rated read, write, copy and triad bandwidth, and moves data unchanged",
    .scope = Scope::gpu,
    .measures =
        {
            {"read_bandwidth", Unit::gb_per_s, "bytes read over device time, median of 20 to 60 launches",
             "hbm"},
            {"write_bandwidth", Unit::gb_per_s, "bytes written over device time, median of 20 to 60 launches",
             "hbm"},
            {"copy_bandwidth", Unit::gb_per_s,
             "bytes read plus written over device time, median of 20 to 60 launches", "hbm"},
            {"triad_bandwidth", Unit::gb_per_s,
             "a = b + s c in doubles: bytes read plus written over device time, median of 20 to 60 launches",
             "hbm"},
            {"sustained_copy_bandwidth", Unit::gb_per_s,
             "copying for the whole duration: 5th percentile over the second half of it", "hbm"},
            {"bad_words", Unit::count,
             "16-byte words that did not hold what was written, and reads whose sum was wrong; the most "
             "found at once",
             "hbm"},
        },
    .findings = {"memory.slow", "memory.miscompare"},
    .run = run,
    .detects = "memory that is slower than an H200's or than its peers', also once it is warm; wrong data in "
               "12 GiB of it",
    .misses = "wrong data in the rest of the memory: memory.sweep",
    .device_evidence = "H200, driver 580.159.04, 2026-11-26: reports/evidence/2026-11-26-h200-2",
    .loads = {Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
