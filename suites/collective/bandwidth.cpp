// How fast NCCL's collectives are among all GPUs of the node, by size: every repetition timed and looked
// through.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "suites/collective/choices.h"
#include "suites/collective/meeting.h"
#include "suites/collective/rates.h"

namespace assay::collective {
namespace {

constexpr std::uint64_t kMib = 1 << 20, kGib = 1 << 30;

struct Point {
  const char* name;
  nccl::Collective collective;
  std::uint64_t bytes;
  int repetitions;
};

/// Sizes of the larger buffer; those at which rates of eight H200s are published have limits of their own.
constexpr Point kPoints[] = {
    {"all_reduce_1m", nccl::Collective::all_reduce, kMib, 50},
    {"all_reduce_4m", nccl::Collective::all_reduce, 4 * kMib, 50},
    {"all_reduce_16m", nccl::Collective::all_reduce, 16 * kMib, 50},
    {"all_reduce_64m", nccl::Collective::all_reduce, 64 * kMib, 30},
    {"all_reduce_128m", nccl::Collective::all_reduce, 128 * kMib, 30},
    {"all_reduce_256m", nccl::Collective::all_reduce, 256 * kMib, 30},
    {"all_reduce_1g", nccl::Collective::all_reduce, kGib, 20},
    {"all_reduce_4g", nccl::Collective::all_reduce, 4 * kGib, 10},
    {"all_reduce_16g", nccl::Collective::all_reduce, 16 * kGib, 5},
    {"all_gather_16g", nccl::Collective::all_gather, 16 * kGib, 5},
    {"reduce_scatter_16g", nccl::Collective::reduce_scatter, 16 * kGib, 5},
};
constexpr std::uint64_t kBufferBytes = 16 * kGib;

/// Of so few bytes that it is all start: how long one takes.
constexpr Point kLatency{"all_reduce_latency", nccl::Collective::all_reduce, 16, 100};
/// A repetition that takes so much longer than the median is no noise; of sizes that are not all start.
constexpr std::uint64_t kSmallestOfSteady = 64 * kMib;

class Bandwidth {
 public:
  explicit Bandwidth(Context& context)
      : context_(context),
        peers_(context),
        session_(context, peers_, peers_.all(), peers_.id_for(peers_.all())),
        data_(make_rank_data(context.gpu(), kBufferBytes, 2)),
        bytes_there_(peers_.least(data_->bytes_there())),
        choices_(way_named(context.variant()), session_.ranks()) {}

  void run() {
    const Rate latency = rate(kLatency);
    for (const Point& point : kPoints) {
      const Rate of_point = rate(point);
      if (of_point.median_s > 0 && point.bytes >= kSmallestOfSteady)
        steadiest_ = std::min(steadiest_, of_point.median_s / of_point.slowest_s);
      if (session_.rank() == 0)
        context_.measure_at("node", point.name, of_point.bus_bytes / of_point.median_s * 1e-9,
                            Unit::gb_per_s);
      context_.progress(static_cast<double>(++done_) / static_cast<double>(std::size(kPoints) + 1));
    }
    const VerificationCost cost =
        time_verification(session_, *data_, nccl::Collective::all_reduce, kBufferBytes, bytes_there_, seed_++,
                          [this](std::uint64_t elements) { note_wrong(elements); });
    session_.finalize();
    context_.measure("by_another_algorithm", static_cast<double>(choices_.otherwise().size()), Unit::count);
    if (session_.rank() != 0) return;
    context_.measure_at("node", "wrong_elements", static_cast<double>(wrong_), Unit::count);
    context_.measure_at("node", kLatency.name, latency.median_s * 1e6, Unit::microseconds);
    context_.measure_at("node", "slowest_repetition", steadiest_, Unit::ratio);
    context_.measure_at("node", "verified_beside", cost.beside_s / cost.unverified_s - 1, Unit::ratio);
    context_.measure_at("node", "verified_serially", cost.serial_s / cost.unverified_s - 1, Unit::ratio);
    context_.evidence("rates", rates_);
  }

 private:
  /// The first at once: it stands whatever becomes of the step, and of the other ranks.
  void note_wrong(std::uint64_t elements) {
    if (wrong_ == 0)
      context_.measure_at("node", "wrong_elements", static_cast<double>(elements), Unit::count);
    wrong_ += elements;
  }

  struct Rate {
    double median_s = 0, slowest_s = 0, bus_bytes = 0;
  };

  /// A repetition takes as long as on the rank that came to it last: the others wait for that one.
  Rate rate(const Point& point) {
    take_nccl_choices(session_.rank());
    const Timed timed =
        time_collective(session_, *data_, point.collective, point.bytes, bytes_there_, point.repetitions,
                        seed_++, [this](std::uint64_t elements) { note_wrong(elements); });
    std::vector<double> seconds = timed.seconds;
    for (const std::string& brought : meet(context_, nlohmann::json(timed.seconds).dump()))
      keep_least(seconds, nlohmann::json::parse(brought).get<std::vector<double>>());
    const std::vector<NcclChoice> said = take_nccl_choices(session_.rank());
    choices_.add(point.collective, said, point.name);
    const Rate found{median(seconds), *std::max_element(seconds.begin(), seconds.end()), timed.bus_bytes};
    if (session_.rank() == 0) keep(point, found, seconds, said);
    return found;
  }

  void keep(const Point& point, const Rate& found, const std::vector<double>& seconds,
            const std::vector<NcclChoice>& said) {
    std::vector<std::string> by;
    for (const NcclChoice& choice : said)
      by.push_back(fmt::format("{} {}, {} channels", choice.algorithm, choice.protocol, choice.channels));
    std::sort(by.begin(), by.end());
    by.erase(std::unique(by.begin(), by.end()), by.end());
    rates_.push_back({{"collective", nccl::name_of(point.collective)},
                      {"bytes", point.bytes},
                      {"bus_gb_per_s", found.bus_bytes / found.median_s * 1e-9},
                      {"median_us", found.median_s * 1e6},
                      {"slowest_us", found.slowest_s * 1e6},
                      {"repetitions", seconds.size()},
                      {"by", by}});
  }

  Context& context_;
  Peers peers_;
  Session session_;
  std::unique_ptr<RankData> data_;
  std::uint64_t bytes_there_, seed_ = peers_.seed(), wrong_ = 0;
  double steadiest_ = 1;
  Choices choices_;
  std::size_t done_ = 0;
  nlohmann::json rates_ = nlohmann::json::array();
};

void run(Context& context) {
  Bandwidth(context).run();
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr int kRanks = 8;
  const auto one_s = [&](const Point& point) {
    const double bytes = bus_bytes(point.collective, static_cast<double>(point.bytes), kRanks);
    // By rings in one variant, by the switches in the other.
    return (speed.seconds_of_collective(WorkKind::ring, bytes) +
            speed.seconds_of_collective(WorkKind::multicast, bytes)) /
           2;
  };
  const auto look_s = [&](double bytes) {
    return speed.seconds_of_demands(work_of_looking_through(bytes)) +
           speed.seconds_of_demands(work_of_preparing(0, bytes)) + 4 * speed.launch_s;
  };
  // The end of a row is looked for in pauses of up to an eighth of what was waited (session.cpp).
  constexpr double kNoticed = 1 + 1.0 / 16;
  double once_s = (kLatency.repetitions + 1) * (one_s(kLatency) + look_s(kLatency.bytes));
  for (const Point& point : kPoints) {
    const auto bytes = static_cast<double>(point.bytes);
    once_s += (point.repetitions + 1) * (kNoticed * one_s(point) + look_s(bytes)) +
              speed.seconds_of_demands(work_of_preparing(bytes, 2 * bytes));
  }
  // Not looked through, then once by itself, and once beside the next.
  constexpr auto kAll = static_cast<double>(kBufferBytes);
  constexpr Point kOfAll{"", nccl::Collective::all_reduce, kBufferBytes, 0};
  once_s += kRoundsOfVerification *
                (kRepetitionsOfVerification * (3 * one_s(kOfAll) + look_s(kAll)) + look_s(kAll)) +
            speed.seconds_of_demands(work_of_preparing(kAll, 2 * kAll));
  return std::max(duration_s, speed.collective_init_s + once_s + speed.seconds_to_hold(3 * kAll));
}

std::vector<Measure> measures() {
  std::vector<Measure> all;
  for (const Point& point : kPoints)
    all.push_back(
        {.name = point.name,
         .unit = Unit::gb_per_s,
         .meaning = fmt::format("bus bandwidth (nccl-tests) of bf16, median of {} repetitions, each as long "
                                "as on the rank that comes last",
                                point.repetitions),
         .of = Of::node});
  all.push_back({.name = kLatency.name,
                 .unit = Unit::microseconds,
                 .meaning = fmt::format("of {} bytes, median of {} repetitions, as above", kLatency.bytes,
                                        kLatency.repetitions),
                 .of = Of::node});
  all.push_back({.name = "slowest_repetition",
                 .unit = Unit::ratio,
                 .meaning = "how fast the slowest repetition is, as a share of the median one: the least of "
                            "all sizes from 64 MiB on",
                 .of = Of::node});
  for (const auto& [name, how] : {std::pair("verified_beside", "by a second stream beside the next one"),
                                  std::pair("verified_serially", "before the next one")})
    all.push_back(
        {.name = name,
         .unit = Unit::ratio,
         .meaning = fmt::format("how much longer repetitions of 16 GiB take that are each looked through "
                                "{}, as a share of those that are not",
                                how),
         .judged = false,
         .of = Of::node});
  all.push_back(
      {.name = "wrong_elements",
       .meaning = "elements that were wrong on a rank: at once of its first collectives that are wrong",
       .of = Of::node});
  all.push_back(
      {"by_another_algorithm", Unit::count,
       "collectives that NCCL did by another algorithm or protocol than it was made to, or did not say"});
  return all;
}

const Registered collective_bandwidth{{
    .name = "collective.bandwidth",
    .summary =
        "NCCL's collectives are as fast among all GPUs as eight H200s do them, at every size, and right",
    .scope = Scope::ranks,
    .measures = measures(),
    .findings = {"collective.slow", "collective.miscompare_somewhere", "collective.algorithm"},
    .run = run,
    .detects = "a node whose collectives are slow, small or large, by the algorithm that NCCL takes and by "
               "rings alone",
    .misses =
        "which GPU it is (collective.locate follows); trees, and other protocols than Simple where NCCL does "
        "not take them by itself; collectives between nodes",
    .device_evidence = "never run on a GPU",
    .variants = {{name_of(Way::by_itself), environment_of(Way::by_itself)},
                 {name_of(Way::ring_simple), environment_of(Way::ring_simple)}},
    .uses_nccl = true,
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay::collective
