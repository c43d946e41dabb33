// The second-level cache (L2): a working set that stays in it, which the rate shows, marched through by all
// multiprocessors, each reading what another one wrote.
#include <algorithm>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "harness/model/values.h"
#include "kernels/l2_march/l2_march.h"

namespace assay {
namespace {

constexpr int kFewestBatches = 16;

/// Bits that were wrong, of all words that were looked at.
std::vector<int> wrong_bits(const std::vector<memory::BadWord>& bad) {
  std::vector<int> bits;
  for (int bit = 0; bit < 128; ++bit) {
    const auto is_wrong = [&](const memory::BadWord& one) {
      using memory::operator^;
      const Word128 flipped = one.expected ^ one.actual;
      return ((bit < 64 ? flipped.low >> bit : flipped.high >> (bit - 64)) & 1) != 0;
    };
    if (std::any_of(bad.begin(), bad.end(), is_wrong)) bits.push_back(bit);
  }
  return bits;
}

std::string text_of(Word128 word) {
  return hexadecimal(word.high) + hexadecimal(word.low);
}

void emit_bad_words(Context& context, std::uint64_t count, const std::vector<memory::BadWord>& first) {
  context.measure("bad_words", static_cast<double>(count), Unit::count);
  if (first.empty()) return;
  const std::vector<int> bits = wrong_bits(first);
  context.measure(kCulprit, bits.size() == 1 ? "bit " + std::to_string(bits.front()) + " of the data path"
                                             : std::to_string(bits.size()) + " bits of the data path");
  nlohmann::json list = nlohmann::json::array();
  for (const memory::BadWord& one : first)
    list.push_back(
        {{"word", one.index}, {"expected", text_of(one.expected)}, {"actual", text_of(one.actual)}});
  context.evidence("first_miscompares", {{"wrong_bits", bits}, {"words", list}});
}

struct Totals {
  std::uint64_t bad_words = 0;
  std::vector<memory::BadWord> first;
  std::vector<double> rates;  // of reading, GB/s

  double add(const memory::L2Report& report) {
    bad_words += report.bad_words;
    if (first.empty()) first = report.first;
    return static_cast<double>(report.bytes) / report.seconds / 1e9;
  }
};

/// For as long as the profile says.
void march(Context& context, memory::L2March& march, Totals& totals) {
  totals.add(march.march(1));  // loads the kernel, and the working set into the cache
  const double duration_s = context.duration_s();
  const memory::L2Report once = march.march(1);
  totals.add(once);
  const int times = std::max(1, static_cast<int>(duration_s / kFewestBatches / once.seconds));
  const Nanoseconds start = context.clock().now();
  for (double elapsed_s = 0; elapsed_s < duration_s || totals.rates.size() < kFewestBatches;) {
    totals.add(march.march(times));
    totals.rates.push_back(totals.add(march.look(1)));
    elapsed_s = seconds_of(context.clock().now() - start);
    if (duration_s > 0) context.progress(std::min(1.0, elapsed_s / duration_s));
  }
}

void run(Context& context) {
  const auto on_gpu = memory::make_l2_march(context.gpu(), context.seed());
  Totals totals;
  try {
    march(context, *on_gpu, totals);
  } catch (const DeviceError&) {
    emit_bad_words(context, totals.bad_words, totals.first);  // what was found before that stands
    throw;
  }
  emit_bad_words(context, totals.bad_words, totals.first);
  context.measure("rate", median(totals.rates), Unit::gb_per_s);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const auto bytes = memory::l2_working_set(static_cast<std::uint64_t>(speed.l2_bytes));
  const auto once_s = [&](bool writes) { return speed.seconds(memory::work_of_l2_march(bytes, writes)); };
  return std::max(duration_s, (kFewestBatches + 2) * once_s(true) + kFewestBatches * once_s(false));
}

const Registered memory_l2{{
    .name = "memory.l2",
    .summary = "The second-level cache gives back what any multiprocessor wrote, in both of its partitions",
    .scope = Scope::gpu,
    .measures =
        {
            {"bad_words", Unit::count,
             "reads of 16-byte words that were not as another multiprocessor, or the same "
             "one a round before, had written them",
             "l2"},
            {kCulprit, Unit::text, "which bits", "l2", false},
            {"rate", Unit::gb_per_s,
             "bytes read over device time, median of 16 launches or more that read alone: more than the "
             "memory "
             "can "
             "deliver, so that it was the cache that did",
             "l2"},
        },
    .findings = {"memory.l2_miscompare", "memory.l2_coverage"},
    .run = run,
    .detects = "bits that the second-level cache, or the way to and from it, gets wrong and its ECC does not "
               "see; between all multiprocessors and both partitions",
    .misses = "the fifth of the cache that the working set leaves to others; what its ECC corrects is in the "
              "device's own counters",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::l2, Resource::cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
