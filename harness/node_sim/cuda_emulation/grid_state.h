// A grid that runs: what the scheduler (grid.cpp) and what device threads call (device_side.cpp) share. Each
// host thread has its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/fiber.h"
#include "harness/node_sim/cuda_emulation/grid.h"
#include "harness/node_sim/cuda_emulation/tensor_cores.h"

namespace assay::cuda_emulation::scheduling {

/// Resident together, so that blocks meet each other's accesses.
inline constexpr unsigned kResidentBlocks = 2;

inline constexpr std::size_t kMostSharedObjects = 32;  // declarations in one kernel
/// Where the next object begins: what wgmma swizzles repeats after as much (PTX ISA, "Swizzling modes").
inline constexpr std::uint32_t kSharedObjectAlignment = 1024;

struct Block;

struct Thread {
  enum class State { unstarted, ready, at_barrier, in_warp, ended };
  std::unique_ptr<Fiber> fiber;  // from its first turn on
  Block* block = nullptr;
  unsigned number = 0;  // in its block
  Extent index;
  State state = State::ended;
  std::uint64_t answer = 0;     // of the collective that it waited in
  unsigned polls = 0;           // of a phase that has not ended, one after another
  bool wgmma_fenced = false;    // since it last waited
  bool wgmma_committed = true;  // all that it issued

  unsigned lane() const { return number % kLanesPerWarp; }
};

enum class Collective { ballot, shuffle, barrier };

/// A collective that lanes wait in. A warp may be in several: each for lanes of its own.
struct Meeting {
  unsigned mask = 0, arrived = 0;
  Collective kind = Collective::ballot;
  Where where;
  std::uint64_t brought[kLanesPerWarp];  // by lane, of those that have arrived
  unsigned wanted[kLanesPerWarp];
};

struct Warp {
  unsigned ended = 0;  // lanes
  std::vector<Meeting> meetings;
  char order = 0;  // what the thread sanitizer ties a warp's barrier to
};

struct SharedObject {
  Where where;
  std::size_t bytes;
  std::align_val_t alignment;
  void* memory;
  std::uint32_t address;  // in the block's shared memory
};

/// Threads of a block, one after another, that wait for one another.
struct GroupMeeting {
  unsigned first = 0, threads = 0, arrived = 0;
  Where where;
  void* brought[kMostThreadsPerGroup];  // by thread, from the first on
};

/// What a warp group has issued of wgmma and not waited for.
struct WgmmaInFlight {
  static constexpr unsigned kMost = 64, kMostRegisters = 128;
  unsigned issued = 0;
  WgmmaForm form{};
  std::uint64_t a[kMost], b[kMost];  // descriptors
  std::uint32_t* d[kMostThreadsPerGroup];
  std::uint32_t accumulators[kMostThreadsPerGroup * kMostRegisters];  // by thread and register
};

/// A barrier in shared memory that one thread arrives at, and that counts bytes of bulk copies.
struct ByteBarrier {
  const std::uint64_t* place;
  unsigned phase;
  bool arrived;
  std::int64_t pending_bytes;
};
inline constexpr std::size_t kMostByteBarriers = 8, kMostBulkLoads = 64;  // of a block

/// A bulk copy to shared memory that is under way.
struct BulkLoad {
  void* to;
  const Word128* from;
  std::uint32_t bytes;
  const std::uint64_t* barrier;
};

struct Block {
  bool resident = false;
  Extent index;
  unsigned sm = 0;
  unsigned at_barrier = 0, ended = 0;
  Where barrier_where;
  std::vector<SharedObject> shared;
  std::vector<GroupMeeting> group_meetings;
  std::vector<ByteBarrier> byte_barriers;
  std::vector<BulkLoad> bulk_loads;
  std::vector<WgmmaInFlight> wgmma;  // by warp group
  std::vector<Warp> warps;
  std::vector<std::unique_ptr<Thread>> threads;
  char order = 0;  // what the thread sanitizer ties the block's barrier to
};

/// A warp's, lane by lane in an order of its own.
struct Turn {
  unsigned first = 0, flip = 0, step = 0;
  unsigned number() const { return first + (step ^ flip); }
};

struct Grid {
  Place place;
  unsigned threads_per_block = 0;
  std::size_t dynamic_shared_bytes = 0;
  void (*kernel)(void*) = nullptr;
  void* arguments = nullptr;
  std::uint64_t random = 0;
  Thread* current = nullptr;
  Turn turn;
  std::vector<std::unique_ptr<Fiber>> idle_fibers;
  std::exception_ptr error;
  char begun = 0, over = 0;  // what the thread sanitizer ties the launch to
  Block blocks[kResidentBlocks];
};

/// The one that runs on this host thread. A plain pointer: device threads read it with every index.
extern constinit thread_local Grid* grid;

inline std::string text_of(const Where& where) {
  const std::string file = where.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line());
}

/// SplitMix64 (Steele, Lea, Flood 2014).
inline std::uint64_t draw() {
  std::uint64_t x = grid->random += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

inline unsigned below(unsigned bound) {
  return static_cast<unsigned>(draw() % bound);
}

inline Warp& warp_of(Thread& thread) {
  return thread.block->warps[thread.number / kLanesPerWarp];
}

}  // namespace assay::cuda_emulation::scheduling
