#include "harness/node_sim/nccl_library/communicator.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "harness/node_sim/nccl_library/library.h"
#include "harness/node_sim/nccl_library/ras.h"

namespace assay::nccl {

Rank::Rank(cuda_emulation::Device& device, int ordinal, int rank, int ranks, std::uint64_t id, bool blocking,
           Settings settings)
    : device_(device),
      ordinal_(ordinal),
      rank_(rank),
      ranks_(ranks),
      id_(id),
      blocking_(blocking),
      settings_(std::move(settings)),
      place_(place_of(*device.fabric())) {}

Rank::~Rank() {
  leave();
}

int Rank::slot_of(int rank) {
  if (rank == cuda_emulation::kToAll) return rank;
  const AtPlace lock(place_);
  return meeting_ == nullptr ? cuda_emulation::kToAll : meeting_->members[rank].slot;
}

/// What is no collective, but leads up to them, or away from them.
cuda_emulation::CollectiveCall Rank::leading(const char* function) const {
  cuda_emulation::CollectiveCall call{.function = function};
  call.rank = rank_;
  call.ranks = ranks_;
  return call;
}

bool Rank::multicast() const {
  return settings_.nvls_enable != 0 && nodes() == 1 && ranks_ > 1 && fabric().multicast();
}

/// Caller holds the place's mutex.
void Rank::join() {
  meeting_ = find_or_make(place_, id_, ranks_);
  if (meeting_ == nullptr || meeting_->ranks != ranks_) return;
  Member& member = me();
  if (member.state != Member::absent) return;
  member.pid = getpid();
  member.slot = fabric().slot();
  member.ordinal = ordinal_;
  member.host = std::hash<std::string>{}(settings_.host_id);
  std::strncpy(member.pci_address, device_.pci_address().c_str(), sizeof(member.pci_address) - 1);
  member.joined_at = device_.now();
  member.state = Member::joined;
  for (int other = 0; other < ranks_; ++other) {
    const Member& there = meeting_->members[other];
    const bool twice = other != rank_ && there.state != Member::absent && there.host == member.host &&
                       std::strcmp(there.pci_address, member.pci_address) == 0;
    if (twice) meeting_->refused = 1;
  }
  announce(*meeting_, fabric());
}

std::optional<Nanoseconds> Rank::ready_at() const {
  if (meeting_ == nullptr || meeting_->ranks != ranks_) return std::nullopt;
  if (meeting_->refused != 0) return 0;
  if (meeting_->members[rank_].pid != getpid() || !complete(*meeting_)) return std::nullopt;
  Nanoseconds last = 0;
  for (int rank = 0; rank < ranks_; ++rank) last = std::max(last, meeting_->members[rank].joined_at);
  return last + nanoseconds_of(fabric().seconds_to_init());
}

Result Rank::initialise() {
  if (ready_) return Result::success;
  if (meeting_ == nullptr) {
    const cuda_emulation::Obstacle met = fabric().obstacle(leading("Init"));
    if (hinders(met)) hang();
    if (const Result bad = planted_failure(met, "Init"); bad != Result::success) return bad;
  }
  {
    const AtPlace lock(place_);
    if (meeting_ == nullptr) join();
    if (meeting_ == nullptr) return fail(Result::system_error, "no room for another communicator");
    const auto ready = ready_at();
    if (!ready || device_.now() < *ready) return Result::in_progress;
    if (meeting_->refused != 0)
      return fail(Result::invalid_usage, "Duplicate GPU detected : rank " + std::to_string(rank_) +
                                             " and another are both on CUDA device " + device_.pci_address());
    std::set<std::uint64_t> hosts;
    for (int rank = 0; rank < ranks_; ++rank) hosts.insert(meeting_->members[rank].host);
    nodes_ = static_cast<int>(hosts.size());
    if (settings_.nvls_enable == 1 && !multicast() && nodes() == 1 && ranks_ > 1)
      return fail(Result::unhandled_cuda_error,
                  "Cuda failure 'operation not supported' binding multicast memory");
    ready_ = true;
  }
  if (!settings_.ras_address.empty()) Ras::begin(settings_.ras_address, place_);
  if (settings_.uses_static_profiler) profiler_.begin(id_, nodes(), ranks_, rank_);
  return Result::success;
}

std::optional<Nanoseconds> Rank::final_at() const {
  const bool all = std::all_of(meeting_->members, meeting_->members + ranks_,
                               [](const Member& member) { return member.state >= Member::finalizing; });
  if (!all || !queue_.empty()) return std::nullopt;
  return last_ended_;
}

Result Rank::finalise() {
  const AtPlace lock(place_);
  go_on();
  if (!finalizing_ && queue_.empty()) {
    finalizing_ = true;
    if (!hinders(fabric().obstacle(leading("Finalize")))) {
      me().state = Member::finalizing;
      announce(*meeting_, fabric());
    }
  }
  const auto at = final_at();
  return at && device_.now() >= *at ? Result::success : Result::in_progress;
}

void Rank::wait_until_ready() {
  wait_for([this] { return ready_at(); });
}

void Rank::wait_until_final() {
  wait_for([this]() -> std::optional<Nanoseconds> {
    if (!finalizing_) return queue_.empty() ? std::optional<Nanoseconds>(last_ended_) : std::nullopt;
    return final_at();
  });
}

void Rank::hang() {
  fabric().park();
  for (;;) pause();
}

void Rank::leave() {
  const AtPlace lock(place_);
  if (meeting_ == nullptr || meeting_->id != id_ || me().pid != getpid()) return;
  me().state = Member::gone;
  announce(*meeting_, fabric());
}

void Rank::abort() {
  aborted_ = true;
  const AtPlace lock(place_);
  if (meeting_ == nullptr || meeting_->id != id_) return;
  me().aborted = 1;
  announce(*meeting_, fabric());
}

/// The others come within this, or never. What is behind one that they did not come to need not be waited for
/// so long again.
bool Rank::wait_within_reason(const std::function<std::optional<Nanoseconds>()>& when) {
  constexpr Nanoseconds kLatest = 10 * kSecond;
  const bool came = wait_for(when, stuck_ ? device_.now() : device_.now() + kLatest);
  stuck_ = !came;
  return came;
}

bool Rank::wait_for(const std::function<std::optional<Nanoseconds>()>& when, Nanoseconds latest) {
  Nanoseconds until = 0;
  for (;;) {
    {
      const AtPlace lock(place_);
      go_on();
      if (aborted_ || meeting_ == nullptr) return true;
      if (const auto known = when()) {
        until = *known;
        break;
      }
      if (device_.now() >= latest) return false;
      me().seat = fabric().seat();
      fabric().park_until(latest);
    }
    fabric().sleep_while_parked();
    const AtPlace lock(place_);
    if (aborted_ || me().seat == kNoSeat) continue;
    fabric().unpark(me().seat, 0);
    me().seat = kNoSeat;
  }
  fabric().wait_until(until);
  return true;
}

}  // namespace assay::nccl
