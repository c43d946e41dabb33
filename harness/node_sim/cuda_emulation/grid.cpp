#include "harness/node_sim/cuda_emulation/grid.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "harness/node_sim/cuda_emulation/fiber.h"
#include "harness/node_sim/cuda_emulation/sanitizers.h"

namespace assay::cuda_emulation {
namespace {

/// Resident together, so that blocks meet each other's accesses.
constexpr unsigned kResidentBlocks = 2;

constexpr unsigned char kUncleared = 0xa5;
constexpr std::size_t kMostSharedObjects = 32;  // declarations in one kernel

struct Block;

struct Thread {
  enum class State { unstarted, ready, at_barrier, in_warp, ended };
  std::unique_ptr<Fiber> fiber;  // from its first turn on
  Block* block = nullptr;
  unsigned number = 0;  // in its block
  Extent index;
  State state = State::ended;
  std::uint64_t answer = 0;  // of the collective that it waited in

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
};

struct Block {
  bool resident = false;
  Extent index;
  unsigned at_barrier = 0, ended = 0;
  Where barrier_where;
  std::vector<SharedObject> shared;
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

/// Each host thread that launches has one, and keeps its fibers from launch to launch.
Grid& grid_of_this_host_thread() {
  thread_local Grid grid;
  return grid;
}

/// The one that runs. A plain pointer: device threads read it with every index.
constinit thread_local Grid* grid = nullptr;

bool same(const Where& a, const Where& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string text_of(const Where& where) {
  const std::string file = where.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line());
}

std::string name_of(const Thread& thread) {
  return "thread " + std::to_string(thread.number) + " of block " + std::to_string(thread.block->index.x);
}

[[noreturn]] void refuse(const std::string& why) {
  throw KernelError(name_of(*grid->current) + ": " + why);
}

/// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t draw() {
  std::uint64_t x = grid->random += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

unsigned below(unsigned bound) {
  return static_cast<unsigned>(draw() % bound);
}

Warp& warp_of(Thread& thread) {
  return thread.block->warps[thread.number / kLanesPerWarp];
}

void wait_as(Thread::State state) {
  Thread& self = *grid->current;
  self.state = state;
  sanitizers::release(&grid->over);  // it may be dropped here
  self.fiber->pause();
}

void run(Thread& self) {
  grid->current = &self;
  self.state = Thread::State::ready;
  sanitizers::acquire(&grid->begun);
  try {
    grid->kernel(grid->arguments);
  } catch (...) {
    grid->error = std::current_exception();
  }
  sanitizers::release(&grid->over);
  self.state = Thread::State::ended;
  ++self.block->ended;
  warp_of(self).ended |= 1u << self.lane();
}

void clear_shared(Block& block) {
  for (const SharedObject& object : block.shared) ::operator delete(object.memory, object.alignment);
  block.shared.clear();
}

Extent unfold(unsigned number, Extent size) {
  return {number % size.x, number / size.x % size.y, number / size.x / size.y};
}

void begin(Block& block, unsigned number) {
  block.resident = true;
  block.index = unfold(number, grid->place.grid);
  block.at_barrier = block.ended = 0;
  // Device threads add to these without allocating: the thread sanitizer would take it for theirs.
  block.shared.reserve(kMostSharedObjects);
  block.warps.resize((grid->threads_per_block + kLanesPerWarp - 1) / kLanesPerWarp);
  for (Warp& warp : block.warps) {
    warp.ended = 0;
    warp.meetings.clear();
    warp.meetings.reserve(kLanesPerWarp);
  }
  while (block.threads.size() < grid->threads_per_block) block.threads.push_back(std::make_unique<Thread>());
  for (unsigned i = 0; i < grid->threads_per_block; ++i) {
    Thread& thread = *block.threads[i];
    thread.block = &block;
    thread.number = i;
    thread.index = unfold(i, grid->place.block);
    thread.state = Thread::State::unstarted;
  }
}

/// Most kernels wait for nobody: their threads need one stack after the other, not one each.
void give_fiber(Thread& thread) {
  if (thread.fiber) return;
  std::vector<std::unique_ptr<Fiber>>& idle = grid->idle_fibers;
  if (idle.empty()) idle = Fiber::make_some();
  thread.fiber = std::move(idle.back());
  idle.pop_back();
}

/// The next lane of the turn, if it has not begun: it can begin where the one before has ended.
Thread* next_to_begin(Block& block) {
  if (sanitizers::kFibersTellThreadsApart || grid->error || grid->turn.step + 1 == kLanesPerWarp)
    return nullptr;
  Turn next = grid->turn;
  ++next.step;
  if (next.number() >= grid->threads_per_block) return nullptr;
  Thread& thread = *block.threads[next.number()];
  if (thread.state != Thread::State::unstarted || thread.fiber) return nullptr;
  grid->turn = next;
  return &thread;
}

void body(void* argument) {
  auto* self = static_cast<Thread*>(argument);
  run(*self);
  while (Thread* const next = next_to_begin(*self->block)) {
    next->fiber = std::move(self->fiber);
    self = next;
    run(*self);
  }
}

void go_on(Thread& thread) {
  if (thread.state == Thread::State::unstarted) {
    give_fiber(thread);
    thread.fiber->start(body, &thread);
  }
  grid->current = &thread;
  thread.fiber->resume();
  Thread& last = *grid->current;
  if (last.state == Thread::State::ended && !sanitizers::kFibersTellThreadsApart)
    grid->idle_fibers.push_back(std::move(last.fiber));
}

/// Runs the lanes of one warp that can go on, each until it waits. False when no warp of the block has any.
bool run_a_warp(Block& block) {
  const auto warps = static_cast<unsigned>(block.warps.size());
  const unsigned start = below(warps), flip = below(kLanesPerWarp);
  bool moved = false;
  for (unsigned n = 0; n < warps && !moved; ++n) {
    grid->turn = {(start + n) % warps * kLanesPerWarp, flip, 0};
    for (; grid->turn.step < kLanesPerWarp; ++grid->turn.step) {
      if (grid->turn.number() >= grid->threads_per_block) continue;
      Thread& thread = *block.threads[grid->turn.number()];
      if (thread.state != Thread::State::ready && thread.state != Thread::State::unstarted) continue;
      go_on(thread);
      moved = true;
      if (grid->error) return true;
    }
  }
  return moved;
}

std::string hexadecimal(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08x", mask);
  return text;
}

std::string who_waits(const Block& block) {
  std::string text;
  if (block.at_barrier > 0) {
    text += "; " + std::to_string(block.at_barrier) + " of " + std::to_string(grid->threads_per_block) +
            " threads wait in the barrier at " + text_of(block.barrier_where);
  }
  for (std::size_t w = 0; w < block.warps.size(); ++w) {
    for (const Meeting& meeting : block.warps[w].meetings) {
      text += "; lanes " + hexadecimal(meeting.arrived) + " of warp " + std::to_string(w) +
              " wait for lanes " + hexadecimal(meeting.mask) + " at " + text_of(meeting.where);
    }
  }
  return text;
}

void run_to_the_end(unsigned blocks) {
  const unsigned turn = below(blocks);  // which comes first
  unsigned begun = 0, ended = 0;
  while (ended < blocks) {
    for (Block& block : grid->blocks) {
      if (!block.resident && begun < blocks) begin(block, (turn + begun++) % blocks);
    }
    Block& block = grid->blocks[below(kResidentBlocks)];
    if (!block.resident) continue;
    if (!run_a_warp(block)) {
      throw KernelError("deadlock in block " + std::to_string(block.index.x) + ": no thread can go on" +
                        who_waits(block));
    }
    if (grid->error) std::rethrow_exception(std::exchange(grid->error, nullptr));
    if (block.ended < grid->threads_per_block) continue;
    sanitizers::acquire(&grid->over);
    clear_shared(block);
    block.resident = false;
    ++ended;
  }
}

/// Leaves nothing of this launch to the next, however it ended.
struct Launch {
  Launch() { grid = &grid_of_this_host_thread(); }
  ~Launch() {
    sanitizers::acquire(&grid->over);
    for (Block& block : grid->blocks) {
      clear_shared(block);
      block.resident = false;
    }
    grid->current = nullptr;
    grid->error = nullptr;
    grid = nullptr;
  }
};

/// The meeting with this mask, begun by whoever comes first.
Meeting& meeting_of(Warp& warp, unsigned mask, Collective kind, const Where& where) {
  for (Meeting& meeting : warp.meetings) {
    if (meeting.mask != mask) continue;
    if (meeting.kind != kind || !same(meeting.where, where))
      refuse("lanes of one warp meet at " + text_of(meeting.where) + " and " + text_of(where));
    return meeting;
  }
  Meeting& meeting = warp.meetings.emplace_back();
  meeting.mask = mask;
  meeting.kind = kind;
  meeting.where = where;
  return meeting;
}

void answer_all(const Meeting& meeting, Block& block, unsigned first) {
  unsigned bits = 0;
  for (unsigned lane = 0; lane < kLanesPerWarp; ++lane) {
    if ((meeting.mask >> lane & 1) != 0 && meeting.brought[lane] != 0) bits |= 1u << lane;
  }
  for (unsigned lane = 0; lane < kLanesPerWarp; ++lane) {
    if ((meeting.mask >> lane & 1) == 0) continue;
    Thread& thread = *block.threads[first + lane];
    thread.answer = meeting.kind == Collective::ballot ? bits : meeting.brought[meeting.wanted[lane]];
    thread.state = Thread::State::ready;
  }
}

std::uint64_t meet(Collective kind, unsigned mask, std::uint64_t mine, unsigned wanted, const Where& where) {
  Thread& self = *grid->current;
  Warp& warp = warp_of(self);
  const unsigned lane = self.lane();
  if ((mask >> lane & 1) == 0) refuse("its own mask leaves it out at " + text_of(where));
  if ((mask & warp.ended) != 0) refuse("waits for lanes that have ended, at " + text_of(where));
  if (kind == Collective::shuffle && (mask >> wanted & 1) == 0)
    refuse("wants the value of a lane that its mask leaves out, at " + text_of(where));
  Meeting& meeting = meeting_of(warp, mask, kind, where);
  meeting.brought[lane] = mine;
  meeting.wanted[lane] = wanted;
  meeting.arrived |= 1u << lane;
  if (meeting.arrived != mask) {
    wait_as(Thread::State::in_warp);
    return self.answer;
  }
  answer_all(meeting, *self.block, self.number - lane);
  std::swap(meeting, warp.meetings.back());
  warp.meetings.pop_back();
  return self.answer;
}

void check_shape(Extent blocks, Extent block, std::size_t dynamic_shared_bytes) {
  const auto size = [](Extent e) { return static_cast<std::uint64_t>(e.x) * e.y * e.z; };
  if (size(block) == 0 || size(block) > kMostThreadsPerBlock)
    throw std::invalid_argument("a block of " + std::to_string(size(block)) + " threads");
  if (size(blocks) == 0 || blocks.x > 0x7fffffffu || blocks.y > 65535 || blocks.z > 65535 ||
      size(blocks) > 0xffffffffu) {
    throw std::invalid_argument("a grid of " + std::to_string(size(blocks)) + " blocks");
  }
  if (dynamic_shared_bytes > kMostSharedBytes)
    throw std::invalid_argument(std::to_string(dynamic_shared_bytes) + " bytes of shared memory");
}

}  // namespace

void run_grid(Extent blocks, Extent block, std::size_t dynamic_shared_bytes, std::uint64_t seed,
              void (*kernel)(void*), void* arguments) {
  check_shape(blocks, block, dynamic_shared_bytes);
  if (in_device_code()) throw KernelError("a launch from device code");
  const Launch launch;
  grid->place = {blocks, block, {}, {}};
  grid->threads_per_block = block.x * block.y * block.z;
  grid->dynamic_shared_bytes = dynamic_shared_bytes;
  grid->kernel = kernel;
  grid->arguments = arguments;
  grid->random = seed;
  sanitizers::release(&grid->begun);
  run_to_the_end(blocks.x * blocks.y * blocks.z);
}

const Place& place() {
  grid->place.block_index = grid->current->block->index;
  grid->place.thread_index = grid->current->index;
  return grid->place;
}

bool in_device_code() {
  return grid != nullptr;
}

void barrier(Where where) {
  Block& block = *grid->current->block;
  if (block.at_barrier > 0 && !same(block.barrier_where, where))
    refuse("threads of one block wait at " + text_of(block.barrier_where) + " and " + text_of(where));
  block.barrier_where = where;
  sanitizers::release(&block.order);
  if (++block.at_barrier < grid->threads_per_block) {
    wait_as(Thread::State::at_barrier);
  } else {
    block.at_barrier = 0;
    for (unsigned i = 0; i < grid->threads_per_block; ++i) {
      if (block.threads[i]->state == Thread::State::at_barrier)
        block.threads[i]->state = Thread::State::ready;
    }
  }
  sanitizers::acquire(&block.order);
}

void warp_barrier(unsigned mask, Where where) {
  char* const order = &warp_of(*grid->current).order;
  sanitizers::release(order);
  meet(Collective::barrier, mask, 0, grid->current->lane(), where);
  sanitizers::acquire(order);
}

unsigned ballot(unsigned mask, bool predicate, Where where) {
  return static_cast<unsigned>(meet(Collective::ballot, mask, predicate ? 1 : 0, 0, where));
}

std::uint64_t shuffle(unsigned mask, std::uint64_t mine, unsigned from, Where where) {
  return meet(Collective::shuffle, mask, mine, from, where);
}

void maybe_pause() {
  if (below(2) == 0) wait_as(Thread::State::ready);
}

void* shared_object(std::size_t bytes, std::size_t alignment, Where where) {
  Block& block = *grid->current->block;
  for (const SharedObject& object : block.shared) {
    if (!same(object.where, where)) continue;
    sanitizers::acquire(object.memory);
    return object.memory;
  }
  std::size_t total = bytes;
  for (const SharedObject& object : block.shared) total += object.bytes;
  if (block.shared.size() == kMostSharedObjects) refuse("more shared objects than the emulation keeps");
  if (total > kMostSharedBytes) refuse(std::to_string(total) + " bytes of shared memory");
  const std::align_val_t aligned{alignment};
  void* const memory = ::operator new(bytes, aligned);
  std::memset(memory, kUncleared, bytes);
  block.shared.push_back({where, bytes, aligned, memory});
  sanitizers::release(memory);
  return memory;
}

void* dynamic_shared() {
  if (grid->dynamic_shared_bytes == 0) refuse("dynamic shared memory that the launch did not ask for");
  return shared_object(grid->dynamic_shared_bytes, 16, Where::current());
}

}  // namespace assay::cuda_emulation
