#include "harness/node_sim/cuda_emulation/bulk_copies.h"

#include <algorithm>
#include <string>

#include "harness/node_sim/cuda_emulation/device_code.h"
#include "harness/node_sim/cuda_emulation/grid_state.h"
#include "harness/node_sim/cuda_emulation/sanitizers.h"

namespace assay::cuda_emulation {

using namespace scheduling;

namespace {

constexpr std::uint32_t kUnit = 16, kMostPendingBytes = (1u << 20) - 1;
constexpr Word128 kInFlight{0x5a5a5a5a5a5a5a5a, 0x5a5a5a5a5a5a5a5a};
/// Polls of one thread in a phase that nothing more can end.
constexpr unsigned kMostPolls = 10000;

[[noreturn]] void refuse(const std::string& why, const Where& where) {
  throw KernelError(why + ", at " + text_of(where));
}

ByteBarrier& barrier_at(const std::uint64_t* place, const Where& where) {
  for (ByteBarrier& barrier : grid->current->block->byte_barriers) {
    if (barrier.place == place) return barrier;
  }
  refuse("a barrier for bytes that was not initialised", where);
}

void require_units(const void* shared, const void* global, std::uint32_t bytes, const Where& where) {
  const bool aligned =
      shared_address(shared) % kUnit == 0 && reinterpret_cast<std::uintptr_t>(global) % kUnit == 0;
  if (!aligned || bytes % kUnit != 0 || bytes == 0)
    refuse("a bulk copy whose addresses or size are no multiples of 16 bytes", where);
  at_shared_address(shared_address(shared), bytes);
}

Word128 through_faults(Word128 word) {
  const SmPlace place{sm_of_this_block(), 0, 0};  // the SM's unit: no part of it has one of its own
  if (faulty_sms == nullptr) return word;
  word.low = faulty_sms->result(place, Datapath::bulk_copy, 0, word.low);
  word.high = faulty_sms->result(place, Datapath::bulk_copy, 0, word.high);
  return word;
}

/// The one arrival has come, and as many bytes as it said.
void end_phase_if_over(ByteBarrier& barrier) {
  if (!barrier.arrived || barrier.pending_bytes != 0) return;
  barrier.arrived = false;
  ++barrier.phase;
}

void arrive(const BulkLoad& load) {
  auto* const to = static_cast<Word128*>(load.to);
  for (std::uint32_t i = 0; i < load.bytes / kUnit; ++i) to[i] = through_faults(load_word(load.from + i));
  for (ByteBarrier& barrier : grid->current->block->byte_barriers) {
    if (barrier.place != load.barrier) continue;
    barrier.pending_bytes -= load.bytes;
    end_phase_if_over(barrier);
  }
}

}  // namespace

void byte_barrier_init(std::uint64_t* place, Where where) {
  Block& block = *grid->current->block;
  if (shared_address(place) % sizeof(*place) != 0) refuse("a barrier that is not aligned", where);
  for (const ByteBarrier& barrier : block.byte_barriers) {
    if (barrier.place == place) refuse("a barrier for bytes that is initialised again", where);
  }
  if (block.byte_barriers.size() == kMostByteBarriers)
    refuse("more barriers for bytes than the emulation keeps", where);
  block.byte_barriers.push_back({place, 0, false, 0});
}

void expect_bytes(std::uint64_t* place, std::uint32_t bytes, Where where) {
  ByteBarrier& barrier = barrier_at(place, where);
  if (barrier.arrived) refuse("a second arrival in one phase", where);
  barrier.arrived = true;
  barrier.pending_bytes += bytes;
  if (barrier.pending_bytes > kMostPendingBytes) refuse("more bytes in one phase than it can count", where);
  end_phase_if_over(barrier);
}

void copy_to_shared(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* place,
                    Where where) {
  require_units(shared, global, bytes, where);
  barrier_at(place, where);
  Block& block = *grid->current->block;
  if (block.bulk_loads.size() == kMostBulkLoads) refuse("more bulk copies than the emulation keeps", where);
  for (std::uint32_t i = 0; i < bytes / kUnit; ++i) static_cast<Word128*>(shared)[i] = kInFlight;
  block.bulk_loads.push_back({shared, static_cast<const Word128*>(global), bytes, place});
}

bool phase_ended(std::uint64_t* place, std::uint32_t parity, Where where) {
  Block& block = *grid->current->block;
  const ByteBarrier& barrier = barrier_at(place, where);
  if (!block.bulk_loads.empty() && below(2) == 0) {
    std::swap(block.bulk_loads[below(static_cast<unsigned>(block.bulk_loads.size()))],
              block.bulk_loads.back());
    arrive(block.bulk_loads.back());
    block.bulk_loads.pop_back();
  }
  if (barrier.phase % 2 != parity % 2) {
    sanitizers::acquire(&block.order);
    grid->current->polls = 0;
    return true;
  }
  if (block.bulk_loads.empty() && ++grid->current->polls > kMostPolls)
    refuse("a wait for bytes that nobody copies", where);
  give_way();
  return false;
}

void copy_from_shared(void* global, const void* shared, std::uint32_t bytes, Where where) {
  require_units(shared, global, bytes, where);
  for (std::uint32_t i = 0; i < bytes / kUnit; ++i) {
    store_word(static_cast<Word128*>(global) + i, through_faults(static_cast<const Word128*>(shared)[i]));
  }
}

}  // namespace assay::cuda_emulation
