// What a device has in common with the other devices of its node, whichever process works on them: for a
// library whose work spans several, as NCCL's does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/model/time.h"

namespace assay::cuda_emulation {

/// One device's part of a call, or what leads up to calls and away from them. Words are NCCL's.
struct CollectiveCall {
  const char* function = "";   // "AllReduce"; "Init", "Finalize"
  const char* algorithm = "";  // "RING", "TREE", "NVLS"; of sends and receives "P2P"
  const char* protocol = "";   // "LL", "LL128", "SIMPLE"
  const char* type = "";       // "ncclBfloat16"
  std::uint64_t number = 0;    // of this rank's calls in its communicator, from 0
  int rank = 0, ranks = 1;     // of the communicator
  bool by_network = false;     // its ranks are on several nodes, or say so
};

/// What a rank meets on its way into a call.
enum class Obstacle {
  none,
  never_enters,      // the call does not come to be
  hangs,             // it is there, and its kernel never ends
  another_count,     // it asks for an element less than it was told to
  link_fails,        // an NVLink of its GPU does, under its kernel
  reported_failure,  // the library gives an error of its own
  no_shared_memory   // it gives the one of a machine whose /dev/shm is full
};

inline constexpr int kToAll = -1, kFromSwitches = -1;

/// What a rank has received, before it does anything with it.
struct Arriving {
  int from_slot, to_slot;
  int step;                // of the call, from 1: over how many ways these data have gone
  std::uint64_t first;     // of these elements, in the buffer that they are for
  std::uint64_t elements;  // of that buffer
  unsigned element_bytes;
  void* data;
  std::uint64_t count;  // of these elements
};

class Fabric {
 public:
  /// Of memory that all processes of the node see, at the same address, zeroed before the first.
  static constexpr std::size_t kSharedBytes = 1 << 20;

  virtual ~Fabric() = default;
  /// Of this device, in the chassis.
  virtual int slot() const = 0;
  virtual void* shared() = 0;

  /// The calling thread's seat at the node's clock, which does not wait for it while it is parked.
  virtual int seat() const = 0;
  virtual void park() = 0;
  /// At this time at the latest the clock waits for it again.
  virtual void park_until(Nanoseconds latest) = 0;
  /// From this time on the clock waits for that seat again: 0, at once.
  virtual void unpark(int seat, Nanoseconds from) = 0;
  /// Until the clock waits for this seat again, or for a while in real time.
  virtual void sleep_while_parked() = 0;
  virtual void wait_until(Nanoseconds time) = 0;

  /// Whether the switches send to all, and add up.
  virtual bool multicast() const = 0;
  /// NCCL does what its environment tells it.
  virtual bool heeds_settings() const = 0;
  virtual double seconds_to_init() const = 0;
  /// So many bytes to the GPU in this slot, or, over the switches, to all, if nothing holds it up. By the
  /// network: while all ranks of the call send as many.
  virtual double seconds_of(const CollectiveCall& call, double bytes, int to_slot) = 0;
  /// Those bytes went out, and as many came in.
  virtual void carried(const CollectiveCall& call, double bytes) = 0;

  /// How long its process takes to begin the call, in seconds: what is planted there.
  virtual double late_by(const CollectiveCall& call) = 0;
  virtual Obstacle obstacle(const CollectiveCall& call) = 0;
  /// What is planted in the receiver, or on the way to it, changes what arrives.
  virtual void arrive(const CollectiveCall& call, const Arriving& data) = 0;
};

}  // namespace assay::cuda_emulation
