// Queries of a database in memory: a scan with a filter, a sort, a join. Each result is known row by row.
#pragma once

#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads {

enum class Query {
  scan,  // count and sum of the rows that a filter selects, and these rows by themselves, in their order
  sort,  // by 32-bit keys, stable, each with 32 bits that go with it
  join,  // of rows by their 32-bit key, through a hash table that is larger than the second-level cache
};

/// Throws DeviceError.
std::unique_ptr<Workload> make_analytics(Gpu& gpu, Query query, std::uint64_t seed);

/// Of a repetition, one after the other.
std::vector<Work> launches_of(Query query);
/// Of device memory, on the card.
double held_bytes_of(Query query);

}  // namespace assay::workloads
