#include "suites/stress/copies.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/model/quantile.h"
#include "kernels/memory_bandwidth.h"

namespace assay {
namespace {

using memory::Stream;

constexpr double kBatch_s = 2;
constexpr std::size_t kFewestBatches = 2;

}  // namespace

void copy_and_emit(Context& context) {
  Gpu& gpu = context.gpu();
  const auto copies = memory::make_memory_bandwidth(gpu, memory::default_stream_bytes(gpu), context.seed());
  const int launches = std::max(1, static_cast<int>(std::ceil(kBatch_s / copies->run(Stream::copy, 1))));
  const double duration_s = context.duration_s();
  const Nanoseconds start = context.clock().now();
  std::uint64_t bad_words = copies->bad_words();
  std::vector<double> rates;
  for (double elapsed_s = 0; rates.size() < kFewestBatches || elapsed_s < duration_s;) {
    const double seconds = copies->run(Stream::copy, launches);
    rates.push_back(copies->bytes(Stream::copy) * launches / seconds / 1e9);
    bad_words = std::max(bad_words, copies->bad_words());
    elapsed_s = seconds_of(context.clock().now() - start);
    if (duration_s > 0) context.progress(std::min(1.0, elapsed_s / duration_s));
  }
  context.measure("copy_bandwidth", median(rates), Unit::gb_per_s);
  context.measure("bad_words", static_cast<double>(bad_words), Unit::count);
}

std::vector<Measure> measures_of_copies() {
  return {
      {"bad_words", Unit::count, "16-byte words that did not hold what was written; the most found at once",
       "hbm"},
      {"copy_bandwidth", Unit::gb_per_s,
       "bytes read plus written over device time, of batches of two seconds: median", "hbm", false},
  };
}

double seconds_of_copies(const DeviceSpeed& speed, double duration_s) {
  const auto bytes = static_cast<double>(memory::default_stream_bytes(speed.free_bytes(), speed.l2_bytes));
  const auto one = [&](Stream stream) { return speed.seconds(memory::work_of(stream, bytes)); };
  constexpr int kFills = 2;
  const double batch_s = std::max(kBatch_s, one(Stream::copy)) + 3 * one(Stream::read);
  return speed.seconds_to_hold(3 * bytes) + kFills * one(Stream::write) + one(Stream::copy) +
         std::max(duration_s, static_cast<double>(kFewestBatches) * batch_s);
}

}  // namespace assay
