// What device threads call: where they are, barriers, collectives, shared memory.
#include <cstring>
#include <utility>

#include "harness/node_sim/cuda_emulation/grid.h"
#include "harness/node_sim/cuda_emulation/grid_state.h"
#include "harness/node_sim/cuda_emulation/sanitizers.h"

namespace assay::cuda_emulation {

using namespace scheduling;

namespace {

constexpr unsigned char kUncleared = 0xa5;

bool same(const Where& a, const Where& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string name_of(const Thread& thread) {
  return "thread " + std::to_string(thread.number) + " of block " + std::to_string(thread.block->index.x);
}

[[noreturn]] void refuse(const std::string& why) {
  throw KernelError(name_of(*grid->current) + ": " + why);
}

void wait_as(Thread::State state) {
  Thread& self = *grid->current;
  self.state = state;
  sanitizers::release(&grid->over);  // it may be dropped here
  self.fiber->pause();
}

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

}  // namespace

const Place& place() {
  grid->place.block_index = grid->current->block->index;
  grid->place.thread_index = grid->current->index;
  return grid->place;
}

bool in_device_code() {
  return grid != nullptr;
}

unsigned sm_of_this_block() {
  return grid->current->block->sm;
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

unsigned number_in_group(unsigned threads) {
  return grid->current->number % threads;
}

void meet_as_group(unsigned threads, void* mine, void (*act)(void* argument, void* const* all),
                   void* argument, Where where) {
  Thread& self = *grid->current;
  Block& block = *self.block;
  const unsigned first = self.number / threads * threads;
  if (first + threads > grid->threads_per_block)
    refuse("no whole group of " + std::to_string(threads) + " threads, at " + text_of(where));
  auto meeting = block.group_meetings.begin();
  while (meeting != block.group_meetings.end() &&
         (meeting->first + meeting->threads <= first || meeting->first >= first + threads))
    ++meeting;
  if (meeting == block.group_meetings.end()) {
    block.group_meetings.emplace_back();
    meeting = block.group_meetings.end() - 1;
    meeting->first = first;
    meeting->threads = threads;
    meeting->where = where;
  }
  if (meeting->threads != threads || !same(meeting->where, where))
    refuse("threads of one group meet at " + text_of(meeting->where) + " and " + text_of(where));
  char* const order = &block.warps[first / kLanesPerWarp].order;
  sanitizers::release(order);
  meeting->brought[self.number - first] = mine;
  if (++meeting->arrived < threads) {
    wait_as(Thread::State::in_warp);
  } else {
    sanitizers::acquire(order);
    act(argument, meeting->brought);
    sanitizers::release(order);
    std::swap(*meeting, block.group_meetings.back());
    block.group_meetings.pop_back();
    for (unsigned i = first; i < first + threads; ++i) {
      if (block.threads[i].get() != &self) block.threads[i]->state = Thread::State::ready;
    }
  }
  sanitizers::acquire(order);
}

void give_way() {
  wait_as(Thread::State::ready);
}

void maybe_pause() {
  if (below(2) == 0) give_way();
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
  std::uint32_t address = 0;
  for (const SharedObject& object : block.shared)
    address = (object.address + static_cast<std::uint32_t>(object.bytes) + kSharedObjectAlignment - 1) /
              kSharedObjectAlignment * kSharedObjectAlignment;
  block.shared.push_back({where, bytes, aligned, memory, address});
  sanitizers::release(memory);
  return memory;
}

void* dynamic_shared() {
  if (grid->dynamic_shared_bytes == 0) refuse("dynamic shared memory that the launch did not ask for");
  return shared_object(grid->dynamic_shared_bytes, kSharedObjectAlignment, Where::current());
}

std::uint32_t shared_address(const void* place) {
  for (const SharedObject& object : grid->current->block->shared) {
    const auto* const begin = static_cast<const std::byte*>(object.memory);
    const auto* const here = static_cast<const std::byte*>(place);
    if (here >= begin && here < begin + object.bytes)
      return object.address + static_cast<std::uint32_t>(here - begin);
  }
  refuse("an address of shared memory that is none");
}

std::byte* at_shared_address(std::uint32_t address, std::size_t bytes) {
  for (const SharedObject& object : grid->current->block->shared) {
    const std::uint64_t offset = std::uint64_t{address} - object.address;
    if (address >= object.address && offset + bytes <= object.bytes)
      return static_cast<std::byte*>(object.memory) + offset;
  }
  refuse("shared memory from " + std::to_string(address) + " on, of which no object has " +
         std::to_string(bytes) + " bytes");
}

}  // namespace assay::cuda_emulation
