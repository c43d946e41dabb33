// What a rank enqueues: when it comes to the meeting, what becomes of it there, and when it is over.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "harness/node_sim/nccl_library/communicator.h"
#include "harness/node_sim/nccl_library/library.h"
#include "harness/node_sim/nccl_library/perform.h"

namespace assay::nccl {

using cuda_emulation::kToAll;
using cuda_emulation::Obstacle;

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
    fabric().wait_until(device_.now() + nanoseconds_of(late_s));
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
  round.ended = last + nanoseconds_of(seconds);
  round.done = 1;
  announce(*meeting_, fabric(), round.ended);
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
    batch.ended = std::max(batch.ended, met + nanoseconds_of(parcel.seconds));
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
