// Once a collective went wrong on several GPUs at once, or hung, and nobody could be told from the others:
// who is it?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "suites/collective/meeting.h"
#include "suites/collective/rates.h"
#include "suites/collective/search.h"
#include "suites/collective/trial.h"

namespace assay::collective {
namespace {

/// What hung with all of them hangs again; nothing else takes long.
constexpr Deadlines kDeadlines{.init_s = 30, .collective_s = 5, .finalize_s = 5};
/// Beyond which who does not come to the end of a round is named by the supervisor.
constexpr double kMostRound_s = 60;
constexpr std::uint64_t kMostCases = 1000;

enum class Outcome { right, slow, wrong, hung };

/// Of halves of the node that do the same at the same time, published rates differ by a few percent (limits:
/// four H200s 363 GB/s with NVLS, 363 without); a part that slows all is far beyond that.
constexpr double kSlower = 1.15;
constexpr std::uint64_t kTimedBytes = 128 << 20;
constexpr int kRepetitions = 10;

/// What a rank saw of its group.
struct Seen {
  Outcome outcome = Outcome::right;
  std::vector<double> seconds;  // of a collective that is timed, by repetition
  double bus_bytes = 0;         // of one repetition
};

class Location {
 public:
  explicit Location(Context& context)
      : context_(context),
        way_(way_named(context.variant())),
        peers_(context),
        data_(make_rank_data(context.gpu(), kBufferBytes)),
        bytes_there_(peers_.least(data_->bytes_there())),
        search_(peers_.count()) {}

  void run() {
    for (auto groups = search_.groups(); !groups.empty(); groups = search_.groups()) {
      const std::vector<Outcome> outcomes = outcomes_of(groups);
      keep(groups, outcomes);
      std::vector<bool> wrong;
      for (const Outcome outcome : outcomes) wrong.push_back(outcome != Outcome::right);
      search_.learn(wrong);
      worst_ = std::max(worst_, *std::max_element(outcomes.begin(), outcomes.end()));
      context_.progress(static_cast<double>(rounds_.size()) / (1.0 + static_cast<double>(rounds_.size())));
    }
    emit();
  }

 private:
  /// All ranks do this at the same time, each in its group, or in none.
  std::vector<Outcome> outcomes_of(const std::vector<std::vector<int>>& groups) {
    std::vector<int> mine;
    for (const std::vector<int>& group : groups) {
      if (std::count(group.begin(), group.end(), peers_.rank()) > 0) mine = group;
    }
    const nccl::UniqueId id = peers_.id_for(mine);
    const Seen own = mine.empty() ? Seen() : try_group(mine, id);
    const nlohmann::json blob{static_cast<int>(own.outcome), own.seconds, own.bus_bytes};
    const auto brought = meet(context_, blob.dump(), kMostRound_s);
    std::vector<Seen> all;
    for (const std::vector<int>& group : groups) {
      Seen worst;
      for (const int rank : group) {
        const auto of_rank = nlohmann::json::parse(brought[static_cast<std::size_t>(rank)]);
        worst.outcome = std::max(worst.outcome, static_cast<Outcome>(of_rank.at(0).get<int>()));
        const auto seconds = of_rank.at(1).get<std::vector<double>>();
        worst.bus_bytes = of_rank.at(2);
        if (worst.seconds.empty()) worst.seconds = seconds;
        keep_least(worst.seconds, seconds);
      }
      all.push_back(worst);
    }
    return with_slow(all);
  }

  /// Slower than the fastest that is whole. Once anything goes wrong or hangs, that is what is looked for.
  std::vector<Outcome> with_slow(const std::vector<Seen>& all) const {
    std::vector<Outcome> outcomes;
    std::vector<double> rates;
    for (const Seen& seen : all) {
      outcomes.push_back(seen.outcome);
      rates.push_back(seen.seconds.empty() ? 0 : seen.bus_bytes / median(seen.seconds));
    }
    const Outcome worst = std::max(worst_, *std::max_element(outcomes.begin(), outcomes.end()));
    if (worst > Outcome::slow) return outcomes;
    const double fastest = *std::max_element(rates.begin(), rates.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (rates[i] > 0 && rates[i] * kSlower < fastest) outcomes[i] = Outcome::slow;
    }
    return outcomes;
  }

  Seen try_group(const std::vector<int>& group, const nccl::UniqueId& id) {
    try {
      Session session(context_, peers_, group, id, kDeadlines);
      std::uint64_t wrong = 0;
      // Ranks that hung in an earlier round have done fewer: seeds are counted anew in each.
      std::uint64_t seed = peers_.seed() + rounds_.size() * kMostCases;
      for (const Case& one : make_cases(way_, peers_.arrangement(session.ranks()))) {
        const Trial trial = try_case(session, *data_, one, seed++, bytes_there_);
        wrong += trial.wrong.count + trial.wrong.outside;
      }
      Timed timed;
      // How fast ranks are that share a GPU says nothing.
      if (!peers_.share_gpus())
        timed =
            time_collective(session, *data_, nccl::Collective::all_reduce, kTimedBytes, bytes_there_,
                            kRepetitions, peers_.seed(), [&](std::uint64_t elements) { wrong += elements; });
      session.finalize();
      return {wrong > 0 ? Outcome::wrong : Outcome::right, timed.seconds, timed.bus_bytes};
    } catch (const DeviceError& error) {
      if (!is_hang(error)) throw;
      return {Outcome::hung};
    }
  }

  std::string slots_of(const std::vector<int>& ranks) const {
    std::vector<std::string> slots;
    for (const int rank : ranks)
      slots.push_back(peers_.slot_of(rank).path() +
                      (peers_.share_gpus() ? fmt::format(" (rank {})", rank) : ""));
    return fmt::format("{}", fmt::join(slots, " "));
  }

  void keep(const std::vector<std::vector<int>>& groups, const std::vector<Outcome>& outcomes) {
    constexpr const char* kWords[] = {"right", "slow", "wrong", "hung"};
    nlohmann::json round = nlohmann::json::array();
    for (std::size_t i = 0; i < groups.size(); ++i)
      round.push_back({{"gpus", slots_of(groups[i])}, {"outcome", kWords[static_cast<int>(outcomes[i])]}});
    rounds_.push_back(std::move(round));
  }

  void emit() {
    const bool is_it = search_.found() == peers_.rank();
    const auto emit_if = [&](const char* measure, Outcome worst) {
      context_.measure(measure, is_it && worst_ == worst ? 1 : 0, Unit::count);
    };
    if (!peers_.share_gpus()) emit_if("slows_collectives", Outcome::slow);
    emit_if("spoils_collectives", Outcome::wrong);
    emit_if("hangs_collectives", Outcome::hung);
    if (is_it) {
      const std::string who = peers_.share_gpus() ? fmt::format("rank {}: ", peers_.rank()) : "";
      context_.measure(kCulprit, fmt::format("{}by {}: every group with it among them, of {} rounds", who,
                                             context_.variant(), rounds_.size()));
    }
    if (peers_.rank() != 0) return;
    nlohmann::json found{{"rounds", rounds_}, {"suspects", slots_of(search_.suspects())}};
    if (*search_.why_not() != '\0') found["ended"] = search_.why_not();
    context_.evidence("search", found);
  }

  Context& context_;
  Way way_;
  Peers peers_;
  std::unique_ptr<RankData> data_;
  std::uint64_t bytes_there_;
  Search search_;
  Outcome worst_ = Outcome::right;
  nlohmann::json rounds_ = nlohmann::json::array();
};

void run(Context& context) {
  Location(context).run();
}

/// Halves, then halves of the bad half: a communicator a round.
double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr double kRounds = 3, kCases = 260, kHostSecondsOfACase = 500e-6;
  const double start_s = speed.ranks_of_a_gpu > 1 ? speed.sockets_start_s : speed.collective_start_s;
  const double round_s =
      speed.collective_init_s + kCases * (4 * speed.launch_s + start_s + kHostSecondsOfACase);
  return std::max(duration_s, kRounds * round_s);
}

const Registered collective_locate{{
    .name = "collective.locate",
    .summary = "Which GPU is it, when collectives are slow, go wrong or hang on several at once",
    .scope = Scope::ranks,
    .measures = {{"slows_collectives", Unit::count, "1: whatever it has a part in is slow, and nothing else"},
                 {"spoils_collectives", Unit::count,
                  "1: whatever it has a part in goes wrong, and nothing else"},
                 {"hangs_collectives", Unit::count, "1: whatever it has a part in hangs, and nothing else"},
                 {kCulprit, Unit::text, "by which algorithm, in how many rounds", "", false}},
    .findings = {"collective.slow_gpu", "collective.miscompare", "collective.hung"},
    .run = run,
    .detects = "the GPU that slows, spoils or hangs what several do together, in halves and halves of them "
               "among good ones",
    .misses = "what does not come again; two GPUs at once; what all of them share",
    .device_evidence = "never run on a GPU",
    .variants = variants_of_all_ways(),
    .uses_nccl = true,
    .follows =
        Condition{{"collective.slow", "collective.miscompare_somewhere", "collective.hung_somewhere"}, false},
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay::collective
