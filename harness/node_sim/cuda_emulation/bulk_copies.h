// Bulk copies between global and shared memory, and barriers that count their bytes: PTX ISA 9.0,
// "cp.async.bulk", "mbarrier". A copy moves its bytes some time before its barrier's phase ends; until then
// its target holds other bytes, so that who reads too early is found out. KernelError for sizes and addresses
// that are no multiples of 16 bytes, barriers that were not initialised, phases whose bytes do not add up.
//
// Not shown: a fence.proxy.async that is missing.
#pragma once

#include <cstdint>

#include "harness/node_sim/cuda_emulation/grid.h"

namespace assay::cuda_emulation {

void byte_barrier_init(std::uint64_t* barrier, Where where);
void expect_bytes(std::uint64_t* barrier, std::uint32_t bytes, Where where);
void copy_to_shared(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier,
                    Where where);
/// Other threads get a turn where it has not.
bool phase_ended(std::uint64_t* barrier, std::uint32_t parity, Where where);
/// Done when it returns: the instruction, its commit and the wait for it in one.
void copy_from_shared(void* global, const void* shared, std::uint32_t bytes, Where where);

}  // namespace assay::cuda_emulation
