#include "harness/node_sim/cuda_emulation/grid.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "harness/node_sim/cuda_emulation/fiber.h"
#include "harness/node_sim/cuda_emulation/grid_state.h"
#include "harness/node_sim/cuda_emulation/sanitizers.h"

namespace assay::cuda_emulation {

constinit thread_local scheduling::Grid* scheduling::grid = nullptr;

using namespace scheduling;

namespace {

/// Each host thread that launches has one, and keeps its fibers from launch to launch.
Grid& grid_of_this_host_thread() {
  thread_local Grid grid;
  return grid;
}

void run(Thread& self) {
  grid->current = &self;
  self.state = Thread::State::ready;
  sanitizers::acquire(&grid->begun);
  try {
    grid->kernel(grid->arguments);
    if (self.block->ended + 1 == grid->threads_per_block && !self.block->bulk_loads.empty())
      throw KernelError("block " + std::to_string(self.block->index.x) +
                        " ends and has not waited for its bulk copies");
    if (self.block->wgmma[self.number / kMostThreadsPerGroup].issued > 0)
      throw KernelError("thread " + std::to_string(self.number) + " ends and has not waited for its wgmma");
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

void begin(Block& block, const PlacedBlock& placed) {
  block.resident = true;
  block.index = unfold(placed.number, grid->place.grid);
  block.sm = placed.sm;
  block.at_barrier = block.ended = 0;
  // Device threads add to these without allocating: the thread sanitizer would take it for theirs.
  block.shared.reserve(kMostSharedObjects);
  block.wgmma.resize(kMostThreadsPerBlock / kMostThreadsPerGroup);
  for (WgmmaInFlight& group : block.wgmma) group.issued = 0;
  block.byte_barriers.clear();
  block.byte_barriers.reserve(kMostByteBarriers);
  block.bulk_loads.clear();
  block.bulk_loads.reserve(kMostBulkLoads);
  block.group_meetings.clear();
  block.group_meetings.reserve(kMostThreadsPerBlock / kLanesPerWarp);
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
    thread.polls = 0;
    thread.wgmma_fenced = false;
    thread.wgmma_committed = true;
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
  for (const GroupMeeting& meeting : block.group_meetings) {
    text += "; " + std::to_string(meeting.arrived) + " of the " + std::to_string(meeting.threads) +
            " threads from " + std::to_string(meeting.first) + " on wait at " + text_of(meeting.where);
  }
  for (std::size_t w = 0; w < block.warps.size(); ++w) {
    for (const Meeting& meeting : block.warps[w].meetings) {
      text += "; lanes " + hexadecimal(meeting.arrived) + " of warp " + std::to_string(w) +
              " wait for lanes " + hexadecimal(meeting.mask) + " at " + text_of(meeting.where);
    }
  }
  return text;
}

void run_to_the_end(const std::vector<PlacedBlock>& blocks) {
  const auto count = static_cast<unsigned>(blocks.size());
  const unsigned turn = below(count);  // which comes first
  unsigned begun = 0, ended = 0;
  while (ended < count) {
    for (Block& block : grid->blocks) {
      if (!block.resident && begun < count) begin(block, blocks[(turn + begun++) % count]);
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

void run_blocks(Extent grid_size, Extent block, std::size_t dynamic_shared_bytes, std::uint64_t seed,
                void (*kernel)(void*), void* arguments, const std::vector<PlacedBlock>& blocks) {
  check_shape(grid_size, block, dynamic_shared_bytes);
  if (in_device_code()) throw KernelError("a launch from device code");
  const Launch launch;
  grid->place = {grid_size, block, {}, {}};
  grid->threads_per_block = block.x * block.y * block.z;
  grid->dynamic_shared_bytes = dynamic_shared_bytes;
  grid->kernel = kernel;
  grid->arguments = arguments;
  grid->random = seed;
  sanitizers::release(&grid->begun);
  run_to_the_end(blocks);
}

void run_grid(Extent grid_size, Extent block, std::size_t dynamic_shared_bytes, std::uint64_t seed,
              void (*kernel)(void*), void* arguments, const std::vector<unsigned>& multiprocessors) {
  check_shape(grid_size, block, dynamic_shared_bytes);
  std::vector<PlacedBlock> blocks(grid_size.x * grid_size.y * grid_size.z);
  for (unsigned number = 0; number < blocks.size(); ++number)
    blocks[number] = {number, multiprocessors[number % multiprocessors.size()]};
  run_blocks(grid_size, block, dynamic_shared_bytes, seed, kernel, arguments, blocks);
}

}  // namespace assay::cuda_emulation
