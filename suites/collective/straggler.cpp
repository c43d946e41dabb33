// Who comes late to collectives, after work that is the same for all, and who is slow where data go from one
// GPU to another: each repetition of each rank by its own clock.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/device_clock/device_clock.h"
#include "suites/collective/exchanges.h"
#include "suites/collective/lateness.h"
#include "suites/collective/legal.h"
#include "suites/collective/meeting.h"
#include "suites/collective/rates.h"

namespace assay::collective {
namespace {

constexpr std::uint64_t kMib = 1 << 20;
/// Looking through and filling so much is the work between collectives: some 0.3 ms at the memory's rate.
constexpr std::uint64_t kCollectiveBytes = 512 * kMib, kExchangeBytes = 256 * kMib;
/// The first of each sets up what NCCL puts off until then, and does not count.
constexpr int kRepetitions = 51, kExchanges = 6;
constexpr int kTriesForOffset = 30;

class Straggler {
 public:
  explicit Straggler(Context& context)
      : context_(context),
        peers_(context),
        session_(context, peers_, peers_.all(), peers_.id_for(peers_.all())),
        data_(make_rank_data(context.gpu(), kCollectiveBytes)),
        clock_(device_clock::make_device_clock(context.gpu(), kStamps)),
        bytes_there_(peers_.least(data_->bytes_there())) {}

  void run() {
    const device_clock::Offset before = offset();
    repeat();
    const device_clock::Offset after = offset();
    context_.progress(0.5);
    if (session_.ranks() > 1) {  // one alone has nobody to be late for
      tell_lateness({before, after});
      tell_exchanges();
    }
    session_.finalize();
    if (session_.rank() == 0)
      context_.measure_at("node", "wrong_elements", static_cast<double>(wrong_), Unit::count);
  }

 private:
  /// Of each repetition when its work begins, when the collective may, and when it has ended; one for
  /// offsets.
  static constexpr std::size_t kOfRepetition = 3, kStamps = kOfRepetition * kRepetitions + 1;

  device_clock::Offset offset() {
    return device_clock::measure_offset(*clock_, context_.clock(), kStamps - 1, kTriesForOffset);
  }

  /// The stream is never empty: what comes late is the GPU, or a process that does not keep it busy.
  void repeat() {
    const Sized what = sized(nccl::Collective::all_reduce, kCollectiveBytes, session_, *data_, bytes_there_);
    data_->in_time_of(what.times, [&] {
      data_->prepare({what.request, session_.rank(), session_.ranks(), peers_.seed()}, false);
      for (std::size_t i = 0; i < kRepetitions; ++i) {
        stamp(kOfRepetition * i);
        if (i > 0) data_->look();
        data_->spoil_received();
        stamp(kOfRepetition * i + 1);
        session_.begin(what.request, *data_);
        begun_.push_back(context_.clock().now());
        stamp(kOfRepetition * i + 2);
      }
      session_.wait(*data_, "collectives in a row");
      const Mismatches found = data_->look_through();
      if (found.count + found.outside > 0) note_wrong(found.count + found.outside);
    });
  }

  void stamp(std::size_t number) { clock_->stamp(data_->stream(), number); }

  /// The first at once, of any rank: it stands whatever becomes of the step. Whoever sees it need not be who
  /// spoilt it.
  void note_wrong(std::uint64_t elements) {
    if (wrong_ == 0)
      context_.measure_at("node", "wrong_elements", static_cast<double>(elements), Unit::count);
    wrong_ += elements;
  }

  /// It is there once its stream has come to the collective, and its process has asked for it.
  void tell_lateness(const device_clock::ToHostTime& to_host) {
    const std::vector<device_clock::Stamp> stamps = clock_->stamps();
    std::vector<Nanoseconds> arrived, ended;
    std::vector<double> clocks_mhz;
    for (std::size_t i = 1; i < kRepetitions; ++i) {
      const device_clock::Stamp* const of = &stamps[kOfRepetition * i];
      arrived.push_back(std::max(to_host(of[1].global_ns), begun_[i]));
      ended.push_back(to_host(of[2].global_ns));
      // Cycles are a multiprocessor's own.
      if (of[0].sm == of[1].sm && of[1].global_ns > of[0].global_ns)
        clocks_mhz.push_back(1e3 * static_cast<double>(of[1].cycles - of[0].cycles) /
                             static_cast<double>(of[1].global_ns - of[0].global_ns));
    }
    const nlohmann::json mine{{"arrived", arrived}, {"error", to_host.error_ns()}};
    std::vector<std::vector<Nanoseconds>> by_repetition(arrived.size());
    Nanoseconds worst_error = 0;
    for (const std::string& brought : meet(context_, mine.dump())) {
      const auto of_rank = nlohmann::json::parse(brought);
      const auto times = of_rank.at("arrived").get<std::vector<Nanoseconds>>();
      for (std::size_t i = 0; i < by_repetition.size(); ++i) by_repetition[i].push_back(times.at(i));
      worst_error = std::max(worst_error, of_rank.at("error").get<Nanoseconds>());
    }
    const Nanoseconds late = lateness(by_repetition).at(static_cast<std::size_t>(session_.rank()));
    const Nanoseconds told = certain(late, to_host.error_ns(), worst_error);
    context_.measure("late", static_cast<double>(std::max<Nanoseconds>(0, told)) * 1e-3, Unit::microseconds);
    std::vector<double> inside_us;
    for (std::size_t i = 0; i < arrived.size(); ++i)
      inside_us.push_back(static_cast<double>(ended[i] - arrived[i]) * 1e-3);
    nlohmann::json found{{"rank", session_.rank()},
                         {"gpu", peers_.slot_of(session_.rank()).path()},
                         {"late_us", static_cast<double>(late) * 1e-3},
                         {"clock_off_by_at_most_us", static_cast<double>(to_host.error_ns()) * 1e-3},
                         {"inside_median_us", median(inside_us)},
                         {"inside_longest_us", *std::max_element(inside_us.begin(), inside_us.end())}};
    if (!clocks_mhz.empty()) found["sm_clock_mhz"] = median(clocks_mhz);
    context_.evidence("lateness_rank_" + std::to_string(session_.rank()), found);
  }

  /// Each with each, by NCCL's sends and receives.
  void tell_exchanges() {
    std::vector<double> mine;
    for (int distance = 1; distance < session_.ranks(); ++distance)
      mine.push_back(median(time_sends(session_, *data_, distance, kExchangeBytes, bytes_there_, kExchanges,
                                       peers_.seed() + static_cast<std::uint64_t>(distance),
                                       [this](std::uint64_t elements) { note_wrong(elements); })));
    SecondsByDistance all;
    for (const std::string& brought : meet(context_, nlohmann::json(mine).dump()))
      all.push_back(nlohmann::json::parse(brought).get<std::vector<double>>());
    context_.measure("exchange_of_gpu", rate(seconds_of_rank(all, session_.rank())), Unit::gb_per_s);
    if (session_.rank() != 0) return;
    for (int one = 0; one < session_.ranks(); ++one) {
      for (int other = one + 1; other < session_.ranks(); ++other)
        context_.measure_at(Part::pair(peers_.slot_of(one), peers_.slot_of(other)), "exchange",
                            rate(seconds_between(all, one, other)), Unit::gb_per_s);
    }
  }

  static double rate(double seconds) { return static_cast<double>(kExchangeBytes) / seconds * 1e-9; }

  Context& context_;
  Peers peers_;
  Session session_;
  std::unique_ptr<RankData> data_;
  std::unique_ptr<device_clock::DeviceClock> clock_;
  std::uint64_t bytes_there_, wrong_ = 0;
  std::vector<Nanoseconds> begun_;  // by repetition, by the host's clock
};

void run(Context& context) {
  Straggler(context).run();
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr int kRanks = 8;
  constexpr auto kBytes = static_cast<double>(kCollectiveBytes), kSent = static_cast<double>(kExchangeBytes);
  const auto look_s = [&](double bytes) {
    return speed.seconds_of_demands(work_of_looking_through(bytes)) +
           speed.seconds_of_demands(work_of_preparing(0, bytes)) + 8 * speed.launch_s;
  };
  const double repeated_s =
      kRepetitions * (speed.seconds_of_collective(WorkKind::multicast,
                                                  bus_bytes(nccl::Collective::all_reduce, kBytes, kRanks)) +
                      look_s(kBytes));
  const double exchanged_s = (kRanks - 1) * kExchanges *
                             (speed.seconds_of_collective(WorkKind::ring, kSent) +
                              speed.seconds_of_collective(WorkKind::ring, 0) + look_s(kSent));
  const double offsets_s = 2 * kTriesForOffset * (speed.launch_s + 2 * speed.transfer_s);
  return std::max(duration_s, speed.collective_init_s + repeated_s + exchanged_s + offsets_s +
                                  speed.seconds_to_hold(2 * kBytes));
}

const Registered collective_straggler{{
    .name = "collective.straggler",
    .summary = "Every GPU comes to collectives in time, and is fast with each of the others",
    .scope = Scope::ranks,
    .measures =
        {{"late", Unit::microseconds,
          "by how much it comes to a collective of 512 MiB later than the median of the other ranks, "
          "after work that is the same for all: median of 50; 0 below twice what the clocks may be off"},
         {"exchange_of_gpu", Unit::gb_per_s,
          "256 MiB sent to one rank and received from another at the same time, by NCCL: median of all "
          "distances, each the median of 5"},
         {.name = "exchange",
          .unit = Unit::gb_per_s,
          .meaning = "the same between two GPUs: the slower direction, each as fast as the one of the "
                     "two that is less held up by others",
          .of = Of::pairs},
         {.name = "wrong_elements",
          .meaning = "elements that were wrong on a rank: at once the first that one finds",
          .of = Of::node}},
    .findings = {"collective.late", "collective.slow_gpu", "collective.slow_pair",
                 "collective.miscompare_somewhere"},
    .run = run,
    .detects = "a GPU or a process that lets all others wait at each collective; a GPU, or two of them "
               "together, between which NCCL's sends and receives are slow",
    .misses = "who is late now and then only: half of the repetitions decide",
    .device_evidence = "never run on a GPU",
    .variants = {{name_of(Way::by_itself), environment_of(Way::by_itself)}},
    .uses_nccl = true,
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay::collective
