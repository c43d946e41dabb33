// Where ranks meet: plain data in memory that all processes of the simulated node share, so that any of them
// may die at any instruction.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "harness/node/nccl_abi.h"
#include "harness/node_sim/cuda_emulation/fabric.h"
#include "harness/node_sim/nccl_library/choice.h"

namespace assay::nccl {

inline constexpr int kMostRanks = 16;

/// A rank of a communicator.
struct Member {
  enum State : std::int32_t { absent, joined, finalizing, gone };
  std::int32_t state;
  std::int32_t pid, slot, ordinal;
  std::int32_t seat;  // at the node's clock, while it waits for the others; else kNoSeat
  std::int32_t aborted;
  std::uint64_t host;    // hash of the host's name, or of NCCL_HOSTID
  char pci_address[32];  // with `host`, what no two ranks may have in common
  Nanoseconds joined_at;
  std::uint64_t counts[kTunedFunctions];  // of calls that it has enqueued
};
inline constexpr std::int32_t kNoSeat = -1;

/// A rank's part of a collective.
struct Post {
  Function function;
  DataType type;
  Reduction reduction;
  std::int32_t root;
  std::uint64_t count;
  const void* send;
  void* receive;
  Choice choice;
  double seconds;       // that its own part takes
  Nanoseconds arrived;  // that it is ready to begin
  std::uint64_t number;
};

/// One collective of a communicator. A rank posts the next once it has seen this one done: two are enough.
struct Round {
  std::uint64_t number;
  std::uint32_t posted;  // by rank
  std::int32_t done;
  Nanoseconds ended;
  Post posts[kMostRanks];
};

/// What one rank sends to another: first come, first served.
struct Parcel {
  enum : std::uint32_t { sent = 1, received = 2, send_seen = 4, receive_seen = 8, arrived = 16 };
  std::uint32_t state;   // 0: free
  std::uint64_t number;  // of those on this way
  std::uint64_t bytes_sent, bytes_received;
  const void* from;
  void* to;
  Nanoseconds sender_arrived, receiver_arrived;
  double seconds;  // that the slower of the two needs for it
};
struct Way {
  static constexpr std::uint64_t kMost = 2;
  std::uint64_t sent, received;  // so far
  Parcel parcels[kMost];
};

struct Meeting {
  std::uint64_t id;  // the magic of the communicator's unique id; 0: free
  std::int32_t ranks;
  std::int32_t refused;  // two ranks on one GPU: nobody's communicator comes to be
  Member members[kMostRanks];
  Round rounds[2];
  Way ways[kMostRanks][kMostRanks];  // by sender, then receiver
};

struct MeetingPlace {
  static constexpr int kMost = 6;
  std::uint32_t ready;  // 0: nobody has been here; 1: somebody prepares it; 2: it is
  pthread_mutex_t mutex;
  Meeting meetings[kMost];
};
static_assert(sizeof(MeetingPlace) <= cuda_emulation::Fabric::kSharedBytes);

MeetingPlace& place_of(cuda_emulation::Fabric& fabric);

/// Holds the place's mutex; a holder that died left plain data behind, which is taken as it is.
class AtPlace {
 public:
  explicit AtPlace(MeetingPlace& place);
  ~AtPlace();
  AtPlace(const AtPlace&) = delete;
  AtPlace& operator=(const AtPlace&) = delete;

 private:
  MeetingPlace& place_;
};

/// The meeting with this id, made where there is none. Null: there is no room. Caller holds the place's
/// mutex.
Meeting* find_or_make(MeetingPlace& place, std::uint64_t id, int ranks);

/// All members have come, and may.
bool complete(const Meeting& meeting);

/// Wakes those that wait for something to change, and lets the clock wait for them again: now, or from a time
/// on. Caller holds the place's mutex.
void announce(Meeting& meeting, cuda_emulation::Fabric& fabric, Nanoseconds from = 0);

}  // namespace assay::nccl
