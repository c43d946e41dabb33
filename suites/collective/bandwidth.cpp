// How fast NCCL's collectives are among all GPUs of the node, by size: every repetition timed and looked
// through.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "suites/collective/choices.h"
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

/// Sizes of the larger buffer at which rates of eight H200s are published.
constexpr Point kPoints[] = {
    {"all_reduce_1m", nccl::Collective::all_reduce, kMib, 50},
    {"all_reduce_16m", nccl::Collective::all_reduce, 16 * kMib, 50},
    {"all_reduce_128m", nccl::Collective::all_reduce, 128 * kMib, 30},
    {"all_reduce_1g", nccl::Collective::all_reduce, kGib, 20},
    {"all_reduce_16g", nccl::Collective::all_reduce, 16 * kGib, 5},
    {"all_gather_16g", nccl::Collective::all_gather, 16 * kGib, 5},
    {"reduce_scatter_16g", nccl::Collective::reduce_scatter, 16 * kGib, 5},
};
constexpr std::uint64_t kBufferBytes = 16 * kGib;

class Bandwidth {
 public:
  explicit Bandwidth(Context& context)
      : context_(context),
        peers_(context),
        session_(context, peers_, peers_.all(), peers_.id_for(peers_.all())),
        data_(make_rank_data(context.gpu(), kBufferBytes)),
        bytes_there_(peers_.least(data_->bytes_there())),
        choices_(way_named(context.variant()), session_.ranks()) {}

  void run() {
    std::uint64_t seed = peers_.seed();
    for (const Point& point : kPoints) {
      take_nccl_choices(session_.rank());
      const Timed timed =
          time_collective(session_, *data_, point.collective, point.bytes, bytes_there_, point.repetitions,
                          seed++, [this](std::uint64_t elements) { note_wrong(elements); });
      rate(point, timed);
      context_.progress(static_cast<double>(++done_) / static_cast<double>(std::size(kPoints)));
    }
    session_.finalize();
    context_.measure("by_another_algorithm", static_cast<double>(choices_.otherwise().size()), Unit::count);
    if (session_.rank() != 0) return;
    context_.measure_at("node", "wrong_elements", static_cast<double>(wrong_), Unit::count);
    context_.evidence("rates", rates_);
  }

 private:
  /// The first at once: it stands whatever becomes of the step, and of the other ranks.
  void note_wrong(std::uint64_t elements) {
    if (wrong_ == 0)
      context_.measure_at("node", "wrong_elements", static_cast<double>(elements), Unit::count);
    wrong_ += elements;
  }

  /// A repetition takes as long as on the rank that came to it last: the others wait for that one.
  void rate(const Point& point, const Timed& timed) {
    std::vector<double> seconds = timed.seconds;
    for (const std::string& brought : context_.ranks().exchange(nlohmann::json(timed.seconds).dump()))
      keep_least(seconds, nlohmann::json::parse(brought).get<std::vector<double>>());
    const std::vector<NcclChoice> said = take_nccl_choices(session_.rank());
    choices_.add(point.collective, said, point.name);
    if (session_.rank() != 0 || seconds.empty()) return;
    const double median_s = median(seconds), slowest_s = *std::max_element(seconds.begin(), seconds.end());
    context_.measure_at("node", point.name, timed.bus_bytes / median_s * 1e-9, Unit::gb_per_s);
    std::vector<std::string> by;
    for (const NcclChoice& choice : said)
      by.push_back(fmt::format("{} {}, {} channels", choice.algorithm, choice.protocol, choice.channels));
    std::sort(by.begin(), by.end());
    by.erase(std::unique(by.begin(), by.end()), by.end());
    rates_.push_back({{"collective", nccl::name_of(point.collective)},
                      {"bytes", point.bytes},
                      {"bus_gb_per_s", timed.bus_bytes / median_s * 1e-9},
                      {"median_us", median_s * 1e6},
                      {"slowest_us", slowest_s * 1e6},
                      {"repetitions", seconds.size()},
                      {"by", by}});
  }

  Context& context_;
  Peers peers_;
  Session session_;
  std::unique_ptr<RankData> data_;
  std::uint64_t bytes_there_, wrong_ = 0;
  Choices choices_;
  std::size_t done_ = 0;
  nlohmann::json rates_ = nlohmann::json::array();
};

void run(Context& context) {
  try {
    Bandwidth(context).run();
  } catch (const DeviceError& error) {
    if (is_hang(error)) meet_after_hang(context);
    throw;
  }
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr int kRanks = 8;
  double once_s = 0;
  for (const Point& point : kPoints) {
    const auto bytes = static_cast<double>(point.bytes);
    const double each_s =
        speed.seconds_of_collective(WorkKind::ring, bus_bytes(point.collective, bytes, kRanks)) +
        speed.seconds_of_demands(work_of_looking_through(bytes)) +
        speed.seconds_of_demands(work_of_preparing(0, bytes)) + 4 * speed.launch_s;
    once_s += (point.repetitions + 1) * each_s + speed.seconds_of_demands(work_of_preparing(bytes, bytes));
  }
  return std::max(duration_s, speed.collective_init_s + once_s +
                                  speed.seconds_to_hold(2.0 * static_cast<double>(kBufferBytes)));
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
  all.push_back(
      {.name = "wrong_elements",
       .meaning = "elements that were wrong on a rank: at once in its first repetition that is wrong",
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
    .misses = "which GPU it is (collective.locate follows); collectives between nodes",
    .device_evidence = "never run on a GPU",
    .variants = {{name_of(Way::by_itself), environment_of(Way::by_itself)},
                 {name_of(Way::ring_simple), environment_of(Way::ring_simple)}},
    .uses_nccl = true,
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay::collective
