#include "suites/collective/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <numeric>
#include <utility>

namespace assay::collective {
namespace {

/// A rank that looks late comes late to the next collective, for which the others wait, and look the later
/// themselves: pauses are a small share of what was waited, so that it does not go on from one to the next.
constexpr Nanoseconds kShortestPause = 50'000, kLongestPause = 100 * kMillisecond, kPausesOfAWait = 8;
/// RAS gives its own legs five seconds each, and ten in all (ras/ras_internal.h). Who comes later than that
/// to where all meet after a hang does not come.
constexpr double kMostRas_s = 10, kMostMeeting_s = 12;

std::uint64_t all_begun(const RasRank& rank) {
  return std::accumulate(rank.begun.begin(), rank.begun.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& one) { return sum + one.second; });
}

int place_in(const std::vector<int>& group, int rank) {
  return static_cast<int>(std::find(group.begin(), group.end(), rank) - group.begin());
}

/// The rank of the communicator that holds the others up, where it is told from them.
HungRank what_ras_tells(const RasAnswer& answer, std::uint64_t asked) {
  std::uint64_t most = 0;
  for (const RasRank& rank : answer.ranks) most = std::max(most, all_begun(rank));
  std::vector<const RasRank*> silent, behind, not_finalizing;
  for (const RasRank& rank : answer.ranks) {
    if (!rank.answers) silent.push_back(&rank);
    if (rank.answers && all_begun(rank) < most) behind.push_back(&rank);
    if (rank.answers && !rank.finalizing) not_finalizing.push_back(&rank);
  }
  if (silent.size() == 1) {
    const int rank = silent.front()->rank;
    return {asked, rank, fmt::format("rank {} does not answer NCCL's RAS", rank)};
  }
  if (behind.size() == 1) {
    const int rank = behind.front()->rank;
    return {
        asked, rank,
        fmt::format("rank {} has begun {} collectives, others {}", rank, all_begun(*behind.front()), most)};
  }
  if (not_finalizing.size() == 1) {
    const int rank = not_finalizing.front()->rank;
    return {asked, rank, fmt::format("rank {} alone has not come to the finalisation", rank)};
  }
  return {asked, -1, "NCCL's RAS tells none of its ranks from the others"};
}

}  // namespace

Session::Session(Context& context, const Peers& peers, std::vector<int> group, const nccl::UniqueId& id,
                 const Deadlines& deadlines)
    : context_(context), peers_(peers), group_(std::move(group)), deadlines_(deadlines) {
  context.gpu().make_current();
  communicator_ = context.nccl().begin(id, place_in(group_, peers.rank()), static_cast<int>(group_.size()));
  wait_until([this] { return communicator_->ready(); }, deadlines_.init_s,
             "the communicator's initialisation");
}

void Session::begin(const nccl::Request& request, RankData& data) {
  ++asked_;
  communicator_->begin(request, data.send(), data.receive(), data.stream());
  wait_until([this] { return communicator_->ready(); }, most_of_a_collective(), "a collective's start");
}

void Session::wait(RankData& data, const std::string& what) {
  wait_until([&] { return data.done(); }, most_of_a_collective(), what);
  connected_ = true;
}

void Session::wait_for_mark(RankData& data, std::size_t mark, const std::string& what) {
  wait_until([&] { return data.passed(mark); }, most_of_a_collective(), what);
  connected_ = true;
}

double Session::most_of_a_collective() const {
  return connected_ ? deadlines_.collective_s : std::max(deadlines_.init_s, deadlines_.collective_s);
}

void Session::finalize() {
  ++asked_;
  communicator_->begin_to_finalize();
  wait_until([this] { return communicator_->ready(); }, deadlines_.finalize_s,
             "the communicator's finalisation");
}

void Session::wait_until(const std::function<bool()>& done, double most_s, const std::string& what) {
  const Nanoseconds start = context_.clock().now();
  const auto most = nanoseconds_of(most_s);
  while (!done()) {
    const Nanoseconds waited = context_.clock().now() - start;
    if (context_.ranks().one_is_gone()) wait_in_vain();
    if (waited > most) hung(fmt::format("{} did not end within {:.0f} s", what, most_s));
    context_.clock().sleep_for(std::clamp(waited / kPausesOfAWait, kShortestPause, kLongestPause));
  }
}

bool Session::asks_ras() const {
  constexpr std::size_t kAskers = 2;
  const auto last = group_.begin() + static_cast<std::ptrdiff_t>(std::min(kAskers, group_.size()));
  return std::find(group_.begin(), last, peers_.rank()) != last;
}

HungRank Session::ask_ras_who() const {
  try {
    const RasAnswer answer = ask_ras(peers_.ras_address(), kMostRas_s);
    context_.attach_text("ras.json", "application/json", answer.json);
    return what_ras_tells(answer, asked_);
  } catch (const std::exception& error) {
    return {asked_, -1, error.what()};
  }
}

void Session::hung(const std::string& what) {
  // Of some ranks: whoever has them try knows what to make of it.
  if (static_cast<int>(group_.size()) < peers_.count()) {
    if (communicator_ != nullptr) communicator_->abort();
    throw DeviceError(codes::collective_hung_somewhere, what);
  }
  const HungRank mine = asks_ras() ? ask_ras_who() : HungRank{asked_};
  const HungRank found = all_considered(meet_after_hang(context_, mine, kMostMeeting_s));
  const bool accused = found.culprit >= 0;
  const DeviceError error(accused ? codes::collective_hung : codes::collective_hung_somewhere,
                          what + "; " + found.why, accused ? peers_.pci_address_of(found.culprit) : "");
  context_.say_before_throwing(error);
  if (communicator_ != nullptr) communicator_->abort();
  throw error;
}

void Session::wait_in_vain() {
  if (asks_ras()) context_.log("a rank is gone; " + ask_ras_who().why);
  if (communicator_ != nullptr) communicator_->abort();
  context_.ranks().exchange("in vain");
}

bool is_hang(const DeviceError& error) {
  return error.code() == codes::collective_hung || error.code() == codes::collective_hung_somewhere;
}

}  // namespace assay::collective
