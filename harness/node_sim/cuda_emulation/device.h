// A device as the emulated runtime sees it: memory, time and faults are somebody else's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/model/datapath.h"
#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/node/host.h"
#include "harness/node_sim/cuda_emulation/errors.h"

namespace assay::cuda_emulation {

/// What a call on the device ends in.
struct DeviceFailure {
  cudaError_t error;
  /// The context is broken: every later call gives the error, too. Otherwise this call alone was refused.
  bool sticky = true;
};

/// Memory that loads and stores of device code go through, where something is planted in it. An access is of
/// one 16-byte word, as the card's widest is.
class FaultyMemory {
 public:
  virtual ~FaultyMemory() = default;
  /// Throws DeviceFailure.
  virtual Word128 load(const Word128* address) = 0;
  virtual void store(Word128* address, Word128 value) = 0;
  /// The next load comes from the memory, not from a cache: what reading enough else does, where a twin has
  /// no time for that.
  virtual void evict(const Word128*) {}
  /// Of a word that the second-level cache is known to hold: what is planted in the memory behind it is not
  /// met.
  virtual Word128 load_cached(const Word128* address) { return *address; }
};

/// Of the device that runs the launch; null where nothing is planted in its memory.
inline thread_local FaultyMemory* faulty_memory = nullptr;

/// Where in a multiprocessor a thread computes.
struct SmPlace {
  unsigned sm, sub_partition, lane;
};

/// Multiprocessors in which something is planted.
class FaultySms {
 public:
  virtual ~FaultySms() = default;
  /// Whether it computes, rightly or wrongly, as all others of which that is true.
  virtual bool like_the_others(unsigned sm) const = 0;
  /// What comes of a result. `where`: of a register its number, of shared memory the bank, of the
  /// tensor cores 1 in the library's kernels; else 0.
  virtual std::uint64_t result(const SmPlace& place, Datapath path, unsigned where, std::uint64_t bits) = 0;
};

/// Of the device that runs the launch; null where nothing is planted in its multiprocessors.
inline thread_local FaultySms* faulty_sms = nullptr;

struct Allocation {
  void* memory = nullptr;
  /// What is there of the bytes that were asked for: of a large allocation a share, from its beginning on.
  std::uint64_t backed_bytes = 0;
};

class Device;
class Fabric;

/// Work of a device that others do theirs beside.
struct Concurrent {
  Device* device;
  Work work;
  Nanoseconds took = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual std::string pci_address() const = 0;
  virtual int multiprocessors() const = 0;
  virtual std::uint64_t l2_bytes() const = 0;
  virtual DeviceMemory memory() = 0;

  /// Before each call on the device. Throws DeviceFailure where it answers no more.
  virtual void require_usable() = 0;
  /// Throws DeviceFailure; where there is no room, one of cudaErrorMemoryAllocation that is not sticky.
  virtual Allocation allocate(std::uint64_t bytes) = 0;
  virtual void release(void* memory) = 0;

  /// Runs the body of a launch, then lets the time pass that the work takes. Peers that it names
  /// (visible_device) are of the same kind. Throws DeviceFailure.
  virtual void execute(const Work& work, const std::function<void()>& body) = 0;
  /// The same of a body that moves bytes.
  virtual void transfer(const Work& work, const std::function<void()>& body) = 0;
  /// Lets the time pass that all of it takes at once, and fills in how long each took. Its devices are of the
  /// same kind. Throws DeviceFailure.
  virtual void work_together(std::vector<Concurrent>& all) = 0;
  /// What a copy has brought: it may have been changed on its way.
  virtual void arrived(const Work&, void*, std::uint64_t) {}
  /// Whether its kernels can be let reach the other's memory.
  virtual bool can_access(const Device&) const { return true; }
  /// Of memory of the host; kAnyNumaNode where that is not known.
  virtual int numa_node_of(const void*) const { return kAnyNumaNode; }
  /// Null for a device that is alone.
  virtual Fabric* fabric() { return nullptr; }
  /// The host waits: what is owed of the time of short work passes.
  virtual void settle() {}
  virtual Nanoseconds now() = 0;
  /// Its own clocks, as device code reads them.
  virtual std::uint64_t global_timer() { return static_cast<std::uint64_t>(now()); }
  virtual std::uint64_t cycles() { return static_cast<std::uint64_t>(now()); }
  /// Draws the order of the threads of a launch; another value for every launch.
  virtual std::uint64_t schedule_seed() = 0;
  /// Null where every access is what it seems: then device code reads and writes directly.
  virtual FaultyMemory* faulty_memory() = 0;
  /// Null where every multiprocessor computes what it should.
  virtual FaultySms* faulty_sms() { return nullptr; }
  /// Where a block of a launch of one block for each multiprocessor goes.
  virtual unsigned sm_of_block(unsigned block, std::uint64_t seed) const {
    const auto all = static_cast<unsigned>(multiprocessors());
    return static_cast<unsigned>((block + seed) % all);
  }
  /// The same of what a copy reads that was asked for while this device was current. Apart from that of
  /// device code: a test looks at what is stored.
  virtual FaultyMemory* copied_memory() { return nullptr; }

  /// The error that broke the context. One device has one context: workers share none.
  cudaError_t broken = cudaSuccess;
};

/// That the launch is on which the calling thread runs; null outside of one.
inline thread_local Device* launching = nullptr;

/// The calling thread sees the device from now on, with this ordinal, the first that is free. A worker's
/// bodies are threads with a view of their own each.
int show_device(Device& device);
/// It does not any more; the other ordinals stay.
void hide_device(Device& device);
/// Null where the calling thread sees none with this ordinal.
Device* visible_device(int ordinal);

}  // namespace assay::cuda_emulation
