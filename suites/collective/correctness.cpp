// NCCL's collectives on the node's GPUs: is every element right, on every rank, in every way of doing it?
#include "suites/collective/correctness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "suites/collective/choices.h"
#include "suites/collective/machine_files.h"
#include "suites/collective/meeting.h"
#include "suites/collective/spoilt.h"

namespace assay::collective {
namespace {

/// Of what each rank saw wrong, as much is compared with the others': cases beyond those of any are left out.
/// Each has up to 400 bytes, and 16 ranks may bring 64 KiB each to an exchange (run/worker_pool.cpp).
constexpr std::size_t kMostCompared = 100;

/// Of what a rank has after a collective that leaves the same with all.
struct Digest {
  bool wrong;  // the rank found elements that are
  std::uint64_t of_all;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Digest, wrong, of_all)

bool same_for_all(nccl::Collective collective) {
  return collective == nccl::Collective::all_reduce || collective == nccl::Collective::all_gather ||
         collective == nccl::Collective::broadcast;
}

class Correctness {
 public:
  Correctness(Context& context, Meddling* meddling, const Deadlines& deadlines)
      : context_(context),
        meddling_(meddling),
        way_(way_named(context.variant())),
        peers_(context),
        session_(begin_session(deadlines)),
        data_(make_rank_data(context.gpu(), kBufferBytes)),
        bytes_there_(peers_.least(data_->bytes_there())),
        arrangement_(peers_.arrangement(session_.ranks())),
        cases_(make_cases(way_, arrangement_)),
        choices_(way_, session_.ranks()) {}

  void run() {
    const Nanoseconds start = context_.clock().now();
    bool again = false;
    do {
      for (const Case& one : cases_) {
        run_case(one);
        context_.progress(static_cast<double>(done_) / static_cast<double>(cases_.size()));
      }
      count_disagreements();
      const double elapsed_s = seconds_of(context_.clock().now() - start);
      again = elapsed_s < context_.duration_s();
      // One rank's clock decides for all.
      if (context_.duration_s() > 0) again = meet(context_, again ? "again" : "").front() == "again";
    } while (again);
    session_.finalize();
    emit();
  }

 private:
  Session begin_session(const Deadlines& deadlines) {
    // Before NCCL's first call, and so that it stands whatever becomes of the step.
    if (peers_.rank() == 0) keep_what_nccl_is();
    return {context_, peers_, peers_.all(), peers_.id_for(peers_.all()), deadlines};
  }

  void keep_what_nccl_is() {
    const MachineFiles read = machine_files(context_.host().files());
    context_.measure_at("node", "machine_settings", read.settings);
    nlohmann::json nccl{{"version", context_.nccl().version()},
                        {"file", context_.nccl().file()},
                        {"machine_files", read.evidence}};
    // Once a run: one file is the library of all ways.
    if (way_ == Way::by_itself) nccl["sha256"] = context_.nccl().sha256();
    context_.evidence("nccl", nccl);
  }

  void run_case(const Case& one) {
    const std::size_t number = done_++;
    take_nccl_choices(session_.rank());
    const Trial trial =
        try_case(session_, *data_, one, peers_.seed() + number, bytes_there_, meddling_, number);
    const std::vector<NcclChoice> said = take_nccl_choices(session_.rank());
    choices_.add(one.collective, said, text_of(one, session_.ranks()));
    const bool wrong = trial.wrong.count > 0 || trial.wrong.outside > 0;
    if (wrong) remember(number, one, trial.job, trial.wrong, said.empty() ? NcclChoice() : said.back());
    if (same_for_all(one.collective)) digests_.push_back({wrong, data_->digest()});
  }

  void remember(std::size_t number, const Case& one, const Job& job, const Mismatches& wrong,
                const NcclChoice& by) {
    // At once: it stands whatever becomes of the step, and of the other ranks.
    const auto elements = static_cast<double>(wrong.count + wrong.outside);
    if (wrong_elements_ == 0 && peers_.have_one_gpu()) {
      context_.measure("spoilt_elements", elements, Unit::count);
    } else if (wrong_elements_ == 0) {
      context_.measure_at("node", "unexplained_elements", elements, Unit::count);
    }
    wrong_elements_ += wrong.count + wrong.outside;
    Seen seen;
    seen.number = number;
    seen.text = text_of(one, session_.ranks());
    seen.collective = one.collective;
    seen.switched = by.algorithm == algorithm_of(Way::nvls);
    seen.wrong = wrong;
    if (!nccl::reduces(one.collective)) seen.from = senders_of(job, wrong);
    seen.layout = layout_of(wrong, job.request, by.channels);
    set_elements(seen);
    if (seen_.size() < kMostCompared) {
      seen_.push_back(std::move(seen));
    } else {
      compared_up_to_ = std::min(compared_up_to_, number);
    }
  }

  /// By rank: whether what came from it is among the wrong elements.
  static std::vector<bool> senders_of(const Job& job, const Mismatches& wrong) {
    std::vector<bool> from(static_cast<std::size_t>(job.ranks));
    const nccl::Request& request = job.request;
    for (const Mismatch& mismatch : wrong.first) {
      std::size_t sender = 0;
      switch (request.collective) {
        case nccl::Collective::broadcast:
        case nccl::Collective::scatter:
          sender = static_cast<std::size_t>(request.root);
          break;
        case nccl::Collective::send_receive:
          sender = static_cast<std::size_t>(nccl::sender_to(request, job.rank, job.ranks));
          break;
        default:
          sender = mismatch.element / request.count;
      }
      if (sender < from.size()) from[sender] = true;
    }
    return from;
  }

  AllSeen seen_by_all() {
    AllSeen all;
    std::size_t up_to = compared_up_to_;
    const nlohmann::json mine{{"seen", seen_}, {"up_to", compared_up_to_}};
    for (const std::string& other : meet(context_, mine.dump())) {
      const auto j = nlohmann::json::parse(other);
      all.push_back(j.at("seen").get<std::vector<Seen>>());
      up_to = std::min(up_to, j.at("up_to").get<std::size_t>());
    }
    for (std::vector<Seen>& of_rank : all) {
      of_rank.erase(std::remove_if(of_rank.begin(), of_rank.end(),
                                   [&](const Seen& seen) { return seen.number >= up_to; }),
                    of_rank.end());
    }
    return all;
  }

  /// Collectives after which ranks that should have the same do not, and all of them found right what they
  /// have: what was read the second time is not what was there the first.
  void count_disagreements() {
    std::vector<std::vector<Digest>> all;
    for (const std::string& other : meet(context_, nlohmann::json(digests_).dump()))
      all.push_back(nlohmann::json::parse(other).get<std::vector<Digest>>());
    for (std::size_t i = 0; i < digests_.size(); ++i) {
      const bool wrong = std::any_of(all.begin(), all.end(), [&](const auto& of) { return of.at(i).wrong; });
      const bool same = std::all_of(all.begin(), all.end(), [&](const auto& of_rank) {
        return of_rank.at(i).of_all == digests_[i].of_all;
      });
      if (!wrong && !same) ++disagreements_;
    }
    digests_.clear();
  }

  void emit() {
    const Blame blamed = blame(seen_by_all(), peers_.have_one_gpu());
    const auto own = static_cast<std::size_t>(session_.rank());
    context_.measure("spoilt_elements", static_cast<double>(blamed.of_rank[own]), Unit::count);
    context_.measure("wrong_elements", static_cast<double>(wrong_elements_), Unit::count);
    context_.measure("collectives", static_cast<double>(done_), Unit::count);
    context_.measure("by_another_algorithm", static_cast<double>(choices_.otherwise().size()), Unit::count);
    if (blamed.of_rank[own] > 0 && !seen_.empty())
      context_.measure(kCulprit, name_of_rank() + seen_.front().text + ": " +
                                     text_of(seen_.front().wrong, seen_.front().layout));
    if (!seen_.empty()) keep_what_was_wrong();
    if (session_.rank() != 0) return;
    context_.measure_at("node", "unexplained_elements", static_cast<double>(blamed.unexplained), Unit::count);
    context_.measure_at("node", "disagreements", static_cast<double>(disagreements_), Unit::count);
    keep_what_was_done();
  }

  /// Where its GPU is no name for it.
  std::string name_of_rank() const {
    return peers_.share_gpus() ? fmt::format("rank {}: ", session_.rank()) : "";
  }

  void keep_what_was_wrong() {
    nlohmann::json all = nlohmann::json::array();
    for (const Seen& one : seen_) {
      nlohmann::json first = nlohmann::json::array();
      for (const Mismatch& mismatch : one.wrong.first)
        first.push_back({{"element", mismatch.element},
                         {"expected", fmt::format("{:#x}", mismatch.expected)},
                         {"actual", fmt::format("{:#x}", mismatch.actual)}});
      all.push_back({{"collective", one.text},
                     {"rank", session_.rank()},
                     {"wrong_elements", one.wrong.count},
                     {"words_changed_around", one.wrong.outside},
                     {"layout", one.layout},
                     {"first", first}});
      if (all.size() == 16) break;  // evidence is a message, not a file
    }
    context_.evidence("wrong_collectives", all);
  }

  void keep_what_was_done() {
    nlohmann::json covered = nlohmann::json::array();
    for (const PairsCovered& pairs : coverage_of(way_, arrangement_, cases_))
      covered.push_back({{"first", pairs.first},
                         {"second", pairs.second},
                         {"legal", pairs.legal},
                         {"covered", pairs.covered}});
    nlohmann::json coverage{{"collectives", cases_.size()}, {"pairs", covered}};
    if (const auto sizes = sizes_left_out(arrangement_); !sizes.empty())
      coverage["left_out"] = {{"sizes", sizes}, {"why", "ranks share a GPU: their data go through sockets"}};
    context_.evidence("coverage", coverage);
    context_.evidence("algorithms", choices_.counts());
    if (!choices_.otherwise().empty()) context_.evidence("by_another_algorithm", choices_.otherwise());
  }

  Context& context_;
  Meddling* meddling_;
  Way way_;
  Peers peers_;
  Session session_;
  std::unique_ptr<RankData> data_;
  std::uint64_t bytes_there_;
  Arrangement arrangement_;
  std::vector<Case> cases_;
  std::size_t done_ = 0;
  std::uint64_t wrong_elements_ = 0;
  std::vector<Seen> seen_;
  std::vector<Digest> digests_;  // of one time through the cases
  std::size_t disagreements_ = 0;
  std::size_t compared_up_to_ = std::numeric_limits<std::size_t>::max();  // number of a case
  Choices choices_;
};

/// Where NVLS is forced, and CUDA fails in an initialisation, it cannot be had (transport/nvls.cc). Of other
/// errors, as of the machine's for want of shared memory, the switches know nothing.
std::unique_ptr<Correctness> begin(Context& context, Meddling* meddling, const Deadlines& deadlines) {
  try {
    return std::make_unique<Correctness>(context, meddling, deadlines);
  } catch (const NcclError& error) {
    const bool by_cuda = error.result() == nccl::Result::unhandled_cuda_error;
    if (context.variant() != name_of(Way::nvls) || !by_cuda) throw;
    throw DeviceError("collective.no_multicast", error.what());
  }
}

void run(Context& context) {
  run_correctness(context);
}

/// Where ranks share a GPU, a case of 16 MiB in each pair, a few MiB in others, and no larger ones.
double shared_seconds(const DeviceSpeed& speed) {
  constexpr double kCases = 210, kMegabytesOfAWay = 900;
  return kCases * speed.sockets_start_s +
         kMegabytesOfAWay * (1 << 20) / speed.rate(WorkKind::sockets) * speed.ranks_of_a_gpu / 2;
}

/// Of a way with as many cases as most.
double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr double kCases = 200, kLargeCases = 18, kLarge = 1ull << 30;
  if (speed.ranks_of_a_gpu > 1)
    return speed.collective_init_s + speed.seconds_to_hold(2.0 * static_cast<double>(kBufferBytes)) +
           std::max(duration_s, shared_seconds(speed));
  const double small_s = 4 * speed.launch_s + speed.seconds_of_collective(WorkKind::ring, 0);
  // Looked at in ever longer pauses: what takes long is noticed late.
  const double large_s = 1.5 * speed.seconds_of_collective(WorkKind::ring, 2 * kLarge) +
                         speed.seconds_of_demands(work_of_preparing(kLarge, kLarge)) +
                         speed.seconds_of_demands(work_of_looking_through(kLarge));
  return speed.collective_init_s + speed.seconds_to_hold(2.0 * static_cast<double>(kBufferBytes)) +
         std::max(duration_s, kCases * small_s + kLargeCases * large_s);
}

}  // namespace

std::vector<Measure> measures_of_correctness() {
  return {
      {"spoilt_elements", Unit::count,
       "elements that arrived wrong, as far as what all ranks saw accuses this GPU"},
      {kCulprit, Unit::text, "which collective, which element, expected and actual", "", false},
      {"wrong_elements", Unit::count, "elements that were wrong on this rank, whoever spoilt them", "",
       false},
      {"by_another_algorithm", Unit::count,
       "collectives that NCCL did by another algorithm or protocol than it was made to, or did not say"},
      {"collectives", Unit::count, "that were done and looked through"},
      {.name = "machine_settings",
       .unit = Unit::text,
       .meaning = "what /etc/nccl.conf sets that the workers' environment does not; \"none\"",
       .of = Of::node},
      {.name = "unexplained_elements",
       .meaning = "elements that were wrong on several ranks, so that none is accused; at once, of the "
                  "first collective that is wrong",
       .of = Of::node},
      {.name = "disagreements",
       .meaning = "collectives that all ranks found right, and after which they do not have the same where "
                  "they should, read a second time",
       .of = Of::node}};
}

std::vector<FindingCode> findings_of_correctness() {
  return {"collective.miscompare", "collective.miscompare_somewhere", "collective.algorithm",
          "collective.settings"};
}

void run_correctness(Context& context, Meddling* meddling, const Deadlines& deadlines) {
  begin(context, meddling, deadlines)->run();
}

namespace {

const Registered collective_correctness{{
    .name = "collective.correctness",
    .summary =
        "NCCL's collectives give every rank every element right, of every datatype, by every algorithm",
    .scope = Scope::ranks,
    .measures = measures_of_correctness(),
    .findings = findings_of_correctness(),
    .run = run,
    .detects = "elements that arrive wrong, in any of NCCL's nine collectives and twelve datatypes, by any "
               "of its algorithms "
               "and protocols, in one repetition or in all, and at which GPU; a multicast that does not work",
    .misses =
        "sums that depend on the order of addition: the data are exact in any; collectives between nodes",
    .device_evidence = "never run on a GPU",
    .variants = variants_of_all_ways(),
    .uses_nccl = true,
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay::collective
