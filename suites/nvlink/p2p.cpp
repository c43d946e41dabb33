// From each GPU to each other one: one way and both, by the copy engines and by kernels' stores and loads,
// how long a load takes, and whether what was sent arrives. A slow GPU is slow with most of its peers, a slow
// pair by itself, and what is slow between all is what they share.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/peer_copies/peer_copies.h"
#include "suites/arrived_bad.h"
#include "suites/measuring.h"
#include "suites/nvlink/pair_matrix.h"

namespace assay {
namespace {

using nvlink::Engine;
using nvlink::Passage;
using nvlink::PeerCopies;

/// The first passages between two GPUs are slower (stas00/ml-engineering: 363 to 394 GB/s in a first sweep).
constexpr Repetitions kPassages{.warm_ups = 1, .least = 3, .most = 5};
constexpr int kBothWays = 4;
constexpr int kLoads = 2000;  // 2 ms
constexpr double kMicroseconds = 1e6;

struct Found {
  explicit Found(std::size_t gpus)
      : copies("copies", Unit::gb_per_s, std::min<double>, gpus),
        both_ways("both_ways", Unit::gb_per_s, std::min<double>, gpus),
        stores("stores", Unit::gb_per_s, std::min<double>, gpus),
        loads("loads", Unit::gb_per_s, std::min<double>, gpus),
        latency("latency", Unit::microseconds, std::max<double>, gpus),
        wrong("wrong_words", Unit::count, std::max<double>, gpus),
        texts(gpus * gpus) {
    for (std::size_t from = 0; from < gpus; ++from) {
      for (std::size_t to = 0; to < gpus; ++to) wrong.set(from, to, 0);
    }
  }
  nvlink::PairMatrix copies, both_ways, stores, loads, latency, wrong;
  std::vector<std::string> texts;  // of what arrived wrong first, by number of the pair
};

class PeerTest {
 public:
  PeerTest(Context& context, PeerCopies& peers)
      : context_(context), peers_(peers), gpus_(static_cast<std::size_t>(context.devices())), found_(gpus_) {}

  /// Over all pairs, as often as the profile has time for; rates are those of the last time.
  const Found& run() {
    const Nanoseconds start = context_.clock().now();
    const auto duration = static_cast<Nanoseconds>(context_.duration_s() * static_cast<double>(kSecond));
    do {
      test_all_pairs();
    } while (context_.clock().now() < start + duration);
    return found_;
  }

 private:
  void test_all_pairs() {
    for (std::size_t a = 0; a < gpus_; ++a) {
      for (std::size_t b = a + 1; b < gpus_; ++b) {
        test_way(a, b);
        test_way(b, a);
        test_both_ways(a, b);
        const double done = ++pairs_ * 2 / static_cast<double>(gpus_ * (gpus_ - 1));
        context_.progress(std::min(1.0, done));
      }
    }
  }

  double rate_of(Engine engine, std::size_t from, std::size_t to, memory::BadWords& wrong) {
    const double seconds = median_seconds(kPassages, [&] {
      const Passage passage = peers_.one_way(engine, from, to);
      note(passage.arrived_bad, engine, wrong);
      return passage.seconds;
    });
    return nvlink::kBytes / seconds * 1e-9;
  }

  void note(const memory::BadWords& bad, Engine engine, memory::BadWords& sum) {
    if (bad.count == 0) return;
    if (sum.first.empty()) sum.first = bad.first;
    sum.count += bad.count;
    constexpr const char* kNames[] = {"copies", "stores", "loads"};
    engines_.emplace_back(kNames[static_cast<int>(engine)]);
  }

  /// Where kernels are not let reach the peer, none of their bytes go, and a copy goes round by the host.
  void test_way(std::size_t from, std::size_t to) {
    memory::BadWords wrong;
    engines_.clear();
    found_.copies.set(from, to, rate_of(Engine::copies, from, to, wrong));
    const bool reaches = peers_.reaches(from, to) && peers_.reaches(to, from);
    found_.stores.set(from, to, reaches ? rate_of(Engine::stores, from, to, wrong) : 0);
    found_.loads.set(from, to, reaches ? rate_of(Engine::loads, from, to, wrong) : 0);
    const nvlink::RoundTrip trip = peers_.round_trip(to, from, kLoads);
    found_.latency.set(from, to, trip.seconds * kMicroseconds);
    wrong.count += trip.wrong_words;
    found_.wrong.set(from, to, found_.wrong.at(from, to) + static_cast<double>(wrong.count));
    if (wrong.count == 0) return;
    std::sort(engines_.begin(), engines_.end());
    engines_.erase(std::unique(engines_.begin(), engines_.end()), engines_.end());
    std::string& text = found_.texts[from * gpus_ + to];
    if (text.empty())
      text = fmt::format("from {} to {}, by {}: {}", context_.slot_of(static_cast<int>(from)),
                         context_.slot_of(static_cast<int>(to)), fmt::join(engines_, ", "), text_of(wrong));
  }

  void test_both_ways(std::size_t a, std::size_t b) {
    memory::BadWords wrong;
    const double seconds = median_seconds(kPassages, [&] {
      const Passage passage = peers_.both_ways(a, b, kBothWays);
      wrong.count += passage.arrived_bad.count;
      return passage.seconds;
    });
    const double rate = 2.0 * kBothWays * nvlink::kBytes / seconds * 1e-9;
    found_.both_ways.set(a, b, rate);
    found_.both_ways.set(b, a, rate);
    found_.wrong.set(a, b, found_.wrong.at(a, b) + static_cast<double>(wrong.count));
  }

  Context& context_;
  PeerCopies& peers_;
  std::size_t gpus_;
  int pairs_ = 0;
  Found found_;
  std::vector<std::string> engines_;  // by which words arrived wrong
};

struct Emitted {
  const nvlink::PairMatrix& of;
  const char *pair, *gpu;
};

std::vector<Emitted> emitted(const Found& found) {
  return {{found.copies, "copies", "copies_of_gpu"},
          {found.both_ways, "both_ways", "both_ways_of_gpu"},
          {found.stores, "stores", "stores_of_gpu"},
          {found.loads, "loads", "loads_of_gpu"},
          {found.latency, "latency", "latency_of_gpu"}};
}

void emit_pair(Context& context, const PeerCopies& peers, const Found& found, std::size_t a, std::size_t b) {
  const Part pair = nvlink::pair_of(context, a, b);
  for (const Emitted& one : emitted(found))
    context.measure_at(pair, one.pair, one.of.of_pair(a, b), one.of.unit());
  context.measure_at(pair, "peer_access", peers.reaches(a, b) && peers.reaches(b, a) ? 1 : 0, Unit::count);
  context.measure_at(pair, "wrong_words", found.wrong.at(a, b) + found.wrong.at(b, a), Unit::count);
  std::vector<std::string> texts{found.texts[a * found.wrong.gpus() + b],
                                 found.texts[b * found.wrong.gpus() + a]};
  texts.erase(std::remove(texts.begin(), texts.end(), ""), texts.end());
  if (!texts.empty()) context.measure_at(pair, kCulprit, fmt::format("{}", fmt::join(texts, "; ")));
}

void emit_gpu(Context& context, const Found& found, std::size_t gpu) {
  const Part& part = context.slot_of(static_cast<int>(gpu));
  for (const Emitted& one : emitted(found))
    context.measure_at(part, one.gpu, one.of.of_gpu(gpu), one.of.unit());
  int wrong_with = 0;
  for (std::size_t other = 0; other < found.wrong.gpus(); ++other) {
    if (other != gpu && found.wrong.at(gpu, other) + found.wrong.at(other, gpu) > 0) ++wrong_with;
  }
  context.measure_at(part, "wrong_with", wrong_with, Unit::count);
}

void run(Context& context) {
  std::vector<Gpu*> gpus;
  for (int device = 0; device < context.devices(); ++device) gpus.push_back(&context.gpu(device));
  const auto peers = nvlink::make_peer_copies(gpus, nvlink::kBytes, context.seed());
  PeerTest test(context, *peers);
  const Found& found = test.run();
  for (std::size_t a = 0; a < gpus.size(); ++a) {
    for (std::size_t b = a + 1; b < gpus.size(); ++b) emit_pair(context, *peers, found, a, b);
  }
  for (std::size_t gpu = 0; gpu < gpus.size(); ++gpu) emit_gpu(context, found, gpu);
  context.measure_at("node", "copies_of_all", found.copies.of_all(), Unit::gb_per_s);
  context.measure_at("node", "latency_of_all", found.latency.of_all(), Unit::microseconds);
  nvlink::keep(context,
               {found.copies, found.both_ways, found.stores, found.loads, found.latency, found.wrong});
  context.progress(1);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr double kRounds = kPassages.warm_ups + kPassages.least;
  constexpr auto kBytes = static_cast<double>(nvlink::kBytes);
  const double around_s = speed.seconds_of_demands(nvlink::work_around(nvlink::kBytes)) + 3 * speed.launch_s;
  double way_s = speed.seconds({WorkKind::peer_round_trips, kLoads, 0});
  for (const Engine engine : {Engine::copies, Engine::stores, Engine::loads})
    way_s += kRounds * (around_s + speed.seconds(nvlink::work_of(engine, nvlink::kBytes, 0)));
  const Work both =
      Work(WorkKind::to_peer, kBothWays * kBytes, 0).add(WorkKind::from_peer, kBothWays * kBytes, 0);
  const double both_s = kRounds * (2 * around_s + speed.seconds(both));
  const double ways = speed.devices * (speed.devices - 1.0);
  return std::max(duration_s,
                  ways * way_s + ways / 2 * both_s + speed.devices * speed.seconds_to_hold(2 * kBytes));
}

Measure of_gpu(const char* name, Unit unit, const char* meaning) {
  return {.name = name, .unit = unit, .meaning = meaning, .of = Of::gpus};
}

const Registered nvlink_p2p{{
    .name = "nvlink.p2p",
    .summary = "Each pair of GPUs exchanges data as fast as the links let it, in every way, and whole",
    .scope = Scope::all_pairs,
    .measures =
        {
            {"copies", Unit::gb_per_s,
             "256 MiB over device time, median of 3, by the copy engine of the sender: the slower direction"},
            {"both_ways", Unit::gb_per_s, "the same at the same time in both directions, added up"},
            {"stores", Unit::gb_per_s, "as copies, by a kernel of the sender that stores to the peer"},
            {"loads", Unit::gb_per_s, "as copies, by a kernel of the receiver that loads from the peer"},
            {"latency", Unit::microseconds,
             "of a load from the peer's memory by one thread, over 2000 that each wait for the one before: "
             "the slower "
             "direction. Where the driver does not let it reach the other: of a copy of 16 bytes"},
            {.name = "peer_access", .meaning = "1: the driver lets kernels of each reach the other's memory"},
            {.name = "wrong_words",
             .meaning =
                 "words of 16 bytes that arrived other than they were sent, looked at by the receiver"},
            {kCulprit, Unit::text, "which direction, which engines, which words", "", false},
            of_gpu("copies_of_gpu", Unit::gb_per_s,
                   "the lower of two medians: of all that it sends, and of all that it receives"),
            of_gpu("both_ways_of_gpu", Unit::gb_per_s, "the same"),
            of_gpu("stores_of_gpu", Unit::gb_per_s, "the same"),
            of_gpu("loads_of_gpu", Unit::gb_per_s, "the same"),
            of_gpu("latency_of_gpu", Unit::microseconds, "the higher of them"),
            of_gpu("wrong_with", Unit::count, "with how many peers words arrived wrong"),
            {.name = "copies_of_all",
             .unit = Unit::gb_per_s,
             .meaning = "median of all directions",
             .of = Of::node},
            {.name = "latency_of_all",
             .unit = Unit::microseconds,
             .meaning = "median of all directions",
             .of = Of::node},
        },
    .findings = {"nvlink.slow_pair", "nvlink.slow_gpu", "nvlink.slow_switches", "nvlink.latency",
                 "nvlink.pair_latency", "nvlink.miscompare", "nvlink.gpu_miscompare",
                 "nvlink.no_peer_access"},
    .run = run,
    .detects = "a GPU, a pair or the switches being slow, a pair that cannot reach one another, data that "
               "are changed "
               "on the way, an engine that is slow while others are not",
    .misses =
        "what shows only while all pairs work (nvlink.all_to_all); one slow link of eighteen that its GPU's "
        "others make up for; multicast and reductions in the switches",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory, Resource::pcie_in,
              Resource::pcie_out, Resource::host_memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
