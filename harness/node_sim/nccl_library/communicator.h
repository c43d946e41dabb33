// A rank of a communicator as its process has it: what it has enqueued, and how far that has come.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/node_sim/nccl_host.h"
#include "harness/node_sim/nccl_library/meeting.h"
#include "harness/node_sim/nccl_library/profiler.h"
#include "harness/node_sim/nccl_library/settings.h"

namespace assay::nccl {

/// A send or a receive of a group.
struct Exchange {
  bool sends;
  int peer;
  std::uint64_t bytes;
  void* memory;
  double seconds = 0;        // that this rank needs for it, with all others of the group that go its way
  std::uint64_t number = 0;  // of those on this way, once it was posted
  bool posted = false, over = false;
};

/// What a rank enqueues at once: a collective, or the sends and receives of a group.
struct Batch {
  std::optional<Post> collective;
  std::vector<Exchange> exchanges;
  unsigned element_bytes = 1;
  Nanoseconds enqueued = 0, ended = 0;
  double bytes = 0, seconds = 0;  // that this rank sends, and what that takes
  cuda_emulation::CollectiveCall call;
  cuda_emulation::Obstacle obstacle = cuda_emulation::Obstacle::none;
  bool posted = false, done = false;
};

class Rank : public std::enable_shared_from_this<Rank> {
 public:
  Rank(cuda_emulation::Device& device, int ordinal, int rank, int ranks, std::uint64_t id, bool blocking,
       Settings settings);
  ~Rank();
  Rank(const Rank&) = delete;
  Rank& operator=(const Rank&) = delete;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  int ordinal() const { return ordinal_; }
  bool blocking() const { return blocking_; }
  const Settings& settings() const { return settings_; }
  cuda_emulation::Fabric& fabric() const { return *device_.fabric(); }
  bool aborted() const { return aborted_; }
  /// Where that rank's GPU is; kToAll stays.
  int slot_of(int rank);
  /// That its ranks say they are on.
  int nodes() const { return nodes_; }
  bool multicast() const;

  /// Initialisation, or finalisation: in_progress until it is over.
  Result initialise();
  Result finalise();
  /// The call never returns.
  [[noreturn]] void hang();
  /// So that the others go on without it.
  void leave();
  /// Lets go of all that waits. From any thread.
  void abort();

  /// In the order of the calls. What it is behind is put into the stream by the caller.
  std::shared_ptr<cuda_emulation::Gate> enqueue(Batch batch);
  void count(Function function);

  /// Waits until it is known when something is over, and until then; or for abort(). Time goes on meanwhile.
  /// False: at the latest time it was not known.
  bool wait_for(const std::function<std::optional<Nanoseconds>()>& when, Nanoseconds latest = kForever);
  /// False: whoever it waits for does not come.
  bool wait_within_reason(const std::function<std::optional<Nanoseconds>()>& when);
  /// Of initialisation and finalisation, that have begun.
  void wait_until_ready();
  void wait_until_final();

 private:
  class BatchGate;

  Member& me() { return meeting_->members[rank_]; }
  cuda_emulation::CollectiveCall leading(const char* function) const;
  void join();
  std::optional<Nanoseconds> ready_at() const;
  std::optional<Nanoseconds> final_at() const;
  /// Posts what can be posted, and takes what others have done. Caller holds the place's mutex.
  void go_on();
  void set_seconds(Batch& batch);
  void post(Batch& batch);
  bool post_exchanges(Batch& batch);
  bool exchange(Batch& batch);
  bool take_exchanges(Batch& batch);

  cuda_emulation::Device& device_;
  int ordinal_, rank_, ranks_;
  std::uint64_t id_;
  bool blocking_;
  Settings settings_;
  MeetingPlace& place_;
  Meeting* meeting_ = nullptr;
  std::atomic<bool> aborted_ = false;
  int nodes_ = 1;
  bool ready_ = false, finalizing_ = false, stuck_ = false;
  Nanoseconds last_ended_ = 0;
  std::uint64_t calls_ = 0, rounds_ = 0;
  std::deque<std::shared_ptr<Batch>> queue_;
  Profiler profiler_;
};

}  // namespace assay::nccl
