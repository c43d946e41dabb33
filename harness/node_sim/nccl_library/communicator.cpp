#include "harness/node_sim/nccl_library/communicator.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "harness/node_sim/nccl_library/library.h"
#include "harness/node_sim/nccl_library/perform.h"
#include "harness/node_sim/nccl_library/ras.h"

namespace assay::nccl {
namespace {

using cuda_emulation::kToAll;
using cuda_emulation::Obstacle;

bool hinders(Obstacle obstacle) {
  return obstacle == Obstacle::never_enters || obstacle == Obstacle::hangs ||
         obstacle == Obstacle::link_fails;
}

}  // namespace

/// What the stream is behind.
class Rank::BatchGate final : public cuda_emulation::Gate {
 public:
  BatchGate(std::shared_ptr<Rank> rank, std::shared_ptr<Batch> batch)
      : rank_(std::move(rank)), batch_(std::move(batch)) {}
  bool over() override {
    if (rank_->aborted()) return true;
    fail_with_link();
    const AtPlace lock(rank_->place_);
    rank_->go_on();
    return batch_->done && rank_->device_.now() >= batch_->ended;
  }
  void wait() override {
    fail_with_link();
    rank_->wait_for([this] { return ended_at(); });
  }
  bool wait_within_reason() override {
    fail_with_link();
    return rank_->wait_within_reason([this] { return ended_at(); });
  }
  Nanoseconds ended() const override { return batch_->ended; }

 private:
  /// The kernel ends in the error, and its context with it.
  void fail_with_link() const {
    if (batch_->obstacle == Obstacle::link_fails)
      throw cuda_emulation::DeviceFailure{cuda_emulation::cudaErrorNvlinkUncorrectable};
  }
  std::optional<Nanoseconds> ended_at() const {
    if (!batch_->done) return std::nullopt;
    return batch_->ended;
  }

  std::shared_ptr<Rank> rank_;
  std::shared_ptr<Batch> batch_;
};

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
  return last + static_cast<Nanoseconds>(fabric().seconds_to_init() * static_cast<double>(kSecond));
}

Result Rank::initialise() {
  if (ready_) return Result::success;
  if (meeting_ == nullptr) {
    const Obstacle met = fabric().obstacle(leading("Init"));
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
    std::uint32_t seen = 0;
    {
      const AtPlace lock(place_);
      go_on();
      if (aborted_ || meeting_ == nullptr) return true;
      if (const auto known = when()) {
        until = *known;
        break;
      }
      seen = __atomic_load_n(&meeting_->changes, __ATOMIC_ACQUIRE);
      if (device_.now() >= latest) return false;
      me().seat = fabric().seat();
      fabric().park_until(latest);
    }
    sleep_until_change(*meeting_, seen);
    const AtPlace lock(place_);
    if (aborted_ || me().seat == kNoSeat) continue;
    fabric().unpark(me().seat);
    me().seat = kNoSeat;
  }
  fabric().wait_until(until);
  return true;
}

void Rank::count(Function function) {
  const AtPlace lock(place_);
  ++me().counts[static_cast<int>(function)];
}

/// Sends share the rank's link, and so do receives: each takes as long as all of them, over the slowest way.
void Rank::set_seconds(Batch& batch) {
  const bool switched = batch.call.algorithm == std::string_view("NVLS");
  if (batch.collective)
    batch.seconds =
        fabric().seconds_of(batch.call, batch.bytes, slot_of(switched ? kToAll : (rank_ + 1) % ranks_));
  for (Exchange& mine : batch.exchanges)
    mine.seconds = mine.peer == rank_ ? 0 : fabric().seconds_of(batch.call, batch.bytes, slot_of(mine.peer));
}

std::shared_ptr<cuda_emulation::Gate> Rank::enqueue(Batch batch) {
  batch.call.number = calls_++;
  batch.call.rank = rank_;
  batch.call.ranks = ranks_;
  batch.call.by_network = nodes_ > 1;
  if (const double late_s = fabric().late_by(batch.call); late_s > 0)
    fabric().wait_until(device_.now() + static_cast<Nanoseconds>(late_s * static_cast<double>(kSecond)));
  batch.enqueued = device_.now();
  set_seconds(batch);
  batch.obstacle = fabric().obstacle(batch.call);
  if (batch.collective) {
    Post& post = *batch.collective;
    if (batch.obstacle == Obstacle::another_count && post.count > 0) --post.count;
    post.number = batch.call.number;
    if (batch.obstacle != Obstacle::never_enters && post.function != Function::send_receive)
      count(post.function);
    profiler_.tell(post, rank_);
  }
  auto mine = std::make_shared<Batch>(std::move(batch));
  {
    const AtPlace lock(place_);
    queue_.push_back(mine);
    go_on();
  }
  return std::make_shared<BatchGate>(shared_from_this(), std::move(mine));
}

void Rank::go_on() {
  if (aborted_) return;  // others may meet in its place
  while (!queue_.empty() && meeting_ != nullptr) {
    Batch& batch = *queue_.front();
    if (!batch.posted) post(batch);
    if (batch.collective) {
      if (!batch.posted) return;
      const Round& round = meeting_->rounds[batch.collective->number % 2];
      if (round.number != batch.collective->number || round.done == 0) return;
      batch.ended = round.ended;
    } else if (!exchange(batch)) {
      return;
    }
    batch.done = true;
    last_ended_ = batch.ended;
    fabric().carried(batch.call, batch.bytes);
    queue_.pop_front();
  }
}

void Rank::post(Batch& batch) {
  if (hinders(batch.obstacle)) return;
  batch.enqueued = std::max(batch.enqueued, last_ended_);
  if (!batch.collective) {
    batch.posted = post_exchanges(batch);
    return;
  }
  Post& post = *batch.collective;
  post.number = rounds_;
  post.arrived = batch.enqueued;
  post.seconds = batch.seconds;
  Round& round = meeting_->rounds[rounds_ % 2];
  if (round.number != rounds_) {
    round = {};
    round.number = rounds_;
  }
  ++rounds_;
  round.posts[rank_] = post;
  round.posted |= 1u << rank_;
  batch.posted = true;
  if (round.posted != (1u << ranks_) - 1) return;
  if (!perform(*meeting_, round, fabric())) return;
  Nanoseconds last = 0;
  double seconds = 0;
  for (int rank = 0; rank < ranks_; ++rank) {
    last = std::max(last, round.posts[rank].arrived);
    seconds = std::max(seconds, round.posts[rank].seconds);
  }
  round.ended = last + static_cast<Nanoseconds>(seconds * static_cast<double>(kSecond));
  round.done = 1;
  announce(*meeting_, fabric());
}

/// False: there is no room on some way before earlier ones have been taken.
bool Rank::post_exchanges(Batch& batch) {
  bool all = true;
  for (Exchange& mine : batch.exchanges) {
    if (mine.posted) continue;
    const int from = mine.sends ? rank_ : mine.peer, to = mine.sends ? mine.peer : rank_;
    Way& way = meeting_->ways[from][to];
    std::uint64_t& next = mine.sends ? way.sent : way.received;
    Parcel& parcel = way.parcels[next % Way::kMost];
    if (parcel.state != 0 && parcel.number != next) {
      all = false;
      continue;
    }
    parcel.number = mine.number = next++;
    mine.posted = true;
    if (mine.sends) {
      parcel.state |= Parcel::sent;
      parcel.from = mine.memory;
      parcel.bytes_sent = mine.bytes;
      parcel.sender_arrived = batch.enqueued;
    } else {
      parcel.state |= Parcel::received;
      parcel.to = mine.memory;
      parcel.bytes_received = mine.bytes;
      parcel.receiver_arrived = batch.enqueued;
    }
    parcel.seconds = std::max(parcel.seconds, mine.seconds);
    const bool both = (parcel.state & Parcel::sent) != 0 && (parcel.state & Parcel::received) != 0;
    if (!both || parcel.bytes_sent != parcel.bytes_received) continue;
    carry(*meeting_, parcel, from, to, batch.element_bytes, batch.call, fabric());
    parcel.state |= Parcel::arrived;
    announce(*meeting_, fabric());
  }
  return all;
}

/// What was taken makes room for more. True once all are there.
bool Rank::exchange(Batch& batch) {
  for (std::ptrdiff_t before = 0;;) {
    if (take_exchanges(batch)) return true;
    const auto over = std::count_if(batch.exchanges.begin(), batch.exchanges.end(),
                                    [](const Exchange& one) { return one.over; });
    if (batch.posted || over == before) return false;
    before = over;
    post(batch);
  }
}

/// True once all are there.
bool Rank::take_exchanges(Batch& batch) {
  bool all = true, freed = false;
  for (Exchange& mine : batch.exchanges) {
    if (mine.over) continue;
    if (!mine.posted) {
      all = false;
      continue;
    }
    const int from = mine.sends ? rank_ : mine.peer, to = mine.sends ? mine.peer : rank_;
    Parcel& parcel = meeting_->ways[from][to].parcels[mine.number % Way::kMost];
    if (parcel.number != mine.number || (parcel.state & Parcel::arrived) == 0) {
      all = false;
      continue;
    }
    mine.over = true;
    const Nanoseconds met = std::max(parcel.sender_arrived, parcel.receiver_arrived);
    batch.ended =
        std::max(batch.ended, met + static_cast<Nanoseconds>(parcel.seconds * static_cast<double>(kSecond)));
    parcel.state |= mine.sends ? Parcel::send_seen : Parcel::receive_seen;
    if ((parcel.state & Parcel::send_seen) == 0 || (parcel.state & Parcel::receive_seen) == 0) continue;
    parcel.state = 0;
    parcel.seconds = 0;
    freed = true;
  }
  if (freed) announce(*meeting_, fabric());
  return all;
}

}  // namespace assay::nccl
