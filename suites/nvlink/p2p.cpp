// From each GPU to each other one: one way and both, by the copy engines and by kernels' stores and loads,
// how long a load takes, and whether what was sent arrives. A slow GPU is slow with most of its peers, a slow
// pair by itself, and what is slow between all is what they share.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "kernels/peer_copies/peer_copies.h"
#include "suites/measuring.h"
#include "suites/nvlink/pair_matrix.h"
#include "suites/nvlink/pair_words.h"

namespace assay {
namespace {

using nvlink::Better;
using nvlink::Engine;
using nvlink::PairMatrix;
using nvlink::PairWords;
using nvlink::Passage;
using nvlink::PeerCopies;

/// The first passages between two GPUs are slower (stas00/ml-engineering: 363 to 394 GB/s in a first sweep).
constexpr Repetitions kPassages{.warm_ups = 1, .least = 3, .most = 5};
constexpr Repetitions kWalks{.warm_ups = 0, .least = 3, .most = 3};
constexpr int kBothWays = 4;
constexpr int kLoads = 2000;  // 2 ms
constexpr double kMicroseconds = 1e6;

struct Found {
  explicit Found(std::size_t gpus)
      : copies("copies", Unit::gb_per_s, Better::more, gpus),
        both_ways("both_ways", Unit::gb_per_s, Better::more, gpus),
        stores("stores", Unit::gb_per_s, Better::more, gpus),
        loads("loads", Unit::gb_per_s, Better::more, gpus),
        latency("latency", Unit::microseconds, Better::less, gpus),
        wrong(gpus) {}
  PairMatrix copies, both_ways, stores, loads, latency;
  PairWords wrong;
};

class PeerTest {
 public:
  PeerTest(Context& context, PeerCopies& peers)
      : context_(context), peers_(peers), gpus_(static_cast<std::size_t>(context.devices())), found_(gpus_) {}

  /// Over all pairs, as often as the profile has time for; rates are those of the last time.
  void run() {
    const Nanoseconds start = context_.clock().now();
    const auto duration = nanoseconds_of(context_.duration_s());
    do {
      test_all_pairs();
    } while (context_.clock().now() < start + duration);
  }
  const Found& found() const { return found_; }

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

  double rate_of(Engine engine, std::size_t from, std::size_t to) {
    constexpr const char* kNames[] = {"copies", "stores", "loads"};
    const double seconds = median_seconds(kPassages, [&] {
      const Passage passage = peers_.one_way(engine, from, to);
      found_.wrong.add(from, to, passage.arrived_bad, kNames[static_cast<int>(engine)]);
      return passage.seconds;
    });
    return nvlink::kBytes / seconds * 1e-9;
  }

  /// Where kernels are not let reach the peer, none of their bytes go, and a copy goes round by the host.
  void test_way(std::size_t from, std::size_t to) {
    found_.copies.set(from, to, rate_of(Engine::copies, from, to));
    if (peers_.reaches(from, to) && peers_.reaches(to, from)) {
      found_.stores.set(from, to, rate_of(Engine::stores, from, to));
      found_.loads.set(from, to, rate_of(Engine::loads, from, to));
    }
    const double seconds = median_seconds(kWalks, [&] {
      const nvlink::RoundTrip trip = peers_.round_trip(to, from, kLoads);
      found_.wrong.add(from, to, {trip.wrong_words, {}}, "loads that wait for one another");
      return trip.seconds;
    });
    found_.latency.set(from, to, seconds * kMicroseconds);
  }

  void test_both_ways(std::size_t a, std::size_t b) {
    const double seconds = median_seconds(kPassages, [&] {
      const Passage passage = peers_.both_ways(a, b, kBothWays);
      found_.wrong.add(a, b, passage.arrived_bad, "copies both ways");
      return passage.seconds;
    });
    const double rate = 2.0 * kBothWays * nvlink::kBytes / seconds * 1e-9;
    found_.both_ways.set(a, b, rate);
    found_.both_ways.set(b, a, rate);
  }

  Context& context_;
  PeerCopies& peers_;
  std::size_t gpus_;
  int pairs_ = 0;
  Found found_;
};

struct Emitted {
  const PairMatrix& of;
  const char *pair, *gpu, *all;
};

std::vector<Emitted> emitted(const Found& found) {
  return {{found.copies, "copies", "copies_of_gpu", "copies_of_all"},
          {found.both_ways, "both_ways", "both_ways_of_gpu", "both_ways_of_all"},
          {found.stores, "stores", "stores_of_gpu", "stores_of_all"},
          {found.loads, "loads", "loads_of_gpu", "loads_of_all"},
          {found.latency, "latency", "latency_of_gpu", "latency_of_all"}};
}

void emit(Context& context, const PeerCopies& peers, const Found& found) {
  const std::size_t gpus = found.copies.gpus();
  for (const Emitted& one : emitted(found)) {
    for (std::size_t a = 0; a < gpus; ++a) {
      for (std::size_t b = a + 1; b < gpus; ++b)
        nvlink::emit(context, nvlink::pair_of(context, a, b), one.pair, one.of.of_pair(a, b), one.of.unit());
      nvlink::emit(context, context.slot_of(static_cast<int>(a)), one.gpu, one.of.of_gpu(a), one.of.unit());
    }
    nvlink::emit(context, "node", one.all, one.of.of_all(), one.of.unit());
  }
  for (std::size_t a = 0; a < gpus; ++a) {
    for (std::size_t b = a + 1; b < gpus; ++b) {
      const bool reach = peers.reaches(a, b) && peers.reaches(b, a);
      context.measure_at(nvlink::pair_of(context, a, b), "peer_access", reach ? 1 : 0, Unit::count);
      found.wrong.emit(context, a, b);
    }
    found.wrong.emit_of_gpu(context, a);
  }
  nvlink::keep(context, {found.copies, found.both_ways, found.stores, found.loads, found.latency,
                         found.wrong.matrix()});
}

void run(Context& context) {
  std::vector<Gpu*> gpus;
  for (int device = 0; device < context.devices(); ++device) gpus.push_back(&context.gpu(device));
  const auto peers = nvlink::make_peer_copies(gpus, nvlink::kBytes, context.seed());
  PeerTest test(context, *peers);
  try {
    test.run();
  } catch (const DeviceError&) {
    test.found().wrong.emit_what_is_wrong(context);
    throw;
  }
  emit(context, *peers, test.found());
  context.progress(1);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr double kRounds = kPassages.warm_ups + kPassages.least;
  constexpr auto kBytes = static_cast<double>(nvlink::kBytes);
  const double around_s = speed.seconds_of_demands(nvlink::work_around(nvlink::kBytes)) + 3 * speed.launch_s;
  double way_s = kWalks.least * speed.seconds({WorkKind::peer_round_trips, kLoads, 0});
  for (const Engine engine : {Engine::copies, Engine::stores, Engine::loads})
    way_s += kRounds * (around_s + speed.seconds(nvlink::work_of(engine, nvlink::kBytes, 0)));
  const Work both =
      Work(WorkKind::to_peer, kBothWays * kBytes, 0).add(WorkKind::from_peer, kBothWays * kBytes, 0);
  const double both_s = kRounds * (2 * around_s + speed.seconds(both));
  const double ways = speed.devices * (speed.devices - 1.0);
  return std::max(duration_s,
                  ways * way_s + ways / 2 * both_s + speed.devices * speed.seconds_to_hold(2 * kBytes));
}

Measure of(Of whose, const char* name, Unit unit, const char* meaning) {
  return {.name = name, .unit = unit, .meaning = meaning, .of = whose};
}

std::vector<Measure> measures() {
  std::vector<Measure> all{
      {"copies", Unit::gb_per_s,
       "256 MiB over device time, median of 3, by the copy engine of the sender: the slower direction"},
      {"both_ways", Unit::gb_per_s, "the same at the same time in both directions, added up"},
      {"stores", Unit::gb_per_s,
       "as copies, by a kernel of the sender that stores to the peer; nothing where the driver lets it not"},
      {"loads", Unit::gb_per_s, "the same, by a kernel of the receiver that loads from the peer"},
      {"latency", Unit::microseconds,
       "of a load from the peer's memory by one thread, over 2000 that each wait for the one before, median "
       "of 3: the "
       "slower direction. Where the driver does not let it reach the other: of a copy of 16 bytes"},
      {.name = "peer_access", .meaning = "1: the driver lets kernels of each reach the other's memory"},
      of(Of::gpus, "copies_of_gpu", Unit::gb_per_s,
         "the lower of the best that it sends and the best that it receives; of three GPUs at least"),
      of(Of::gpus, "both_ways_of_gpu", Unit::gb_per_s, "the same"),
      of(Of::gpus, "stores_of_gpu", Unit::gb_per_s, "the same"),
      of(Of::gpus, "loads_of_gpu", Unit::gb_per_s, "the same"),
      of(Of::gpus, "latency_of_gpu", Unit::microseconds, "the higher of them"),
      of(Of::node, "copies_of_all", Unit::gb_per_s, "of the GPU that is best"),
      of(Of::node, "both_ways_of_all", Unit::gb_per_s, "the same"),
      of(Of::node, "stores_of_all", Unit::gb_per_s, "the same"),
      of(Of::node, "loads_of_all", Unit::gb_per_s, "the same"),
      of(Of::node, "latency_of_all", Unit::microseconds, "the same"),
  };
  for (Measure& measure : nvlink::measures_of_pair_words()) all.push_back(std::move(measure));
  return all;
}

const Registered nvlink_p2p{{
    .name = "nvlink.p2p",
    .summary = "Each pair of GPUs exchanges data as fast as the links let it, in every way, and whole",
    .scope = Scope::all_pairs,
    .measures = measures(),
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
