// A database's queries over tables in the GPU's memory, each result known row by row:
//   scan: 2^30 rows of 4 bytes, filter, count, sum, and the selected rows by themselves; limited by what the
//     memory streams;
//   sort: 2^28 rows of a 32-bit key with 32 bits that go with it, by radix, four stable passes; limited by
//     the memory's streaming and the multiprocessors' shared memory;
//   join: 2^28 probes of a hash table of 2^26 rows in 1.07 GB, built anew each time; limited by single reads
//     from all over the memory.
#include "kernels/workloads/analytics/analytics.h"

#include <algorithm>
#include <stdexcept>

#include "harness/check.h"
#include "suites/workload/repeating.h"

namespace assay {
namespace {

using workloads::Query;

Query query_named(const std::string& name) {
  if (name == "scan") return Query::scan;
  if (name == "sort") return Query::sort;
  if (name == "join") return Query::join;
  throw std::logic_error("no query " + name);
}

void run(Context& context) {
  const auto query =
      workloads::make_analytics(context.gpu(), query_named(context.variant()), workloads::kData);
  repeat_and_emit(context, *query, Unit::giga_per_second);
}

/// Of the longest variant.
double device_seconds(const DeviceSpeed& speed, double duration_s) {
  double longest_s = 0;
  for (const Query query : {Query::scan, Query::sort, Query::join}) {
    double repetition_s = 0;
    for (const Work& work : workloads::launches_of(query)) repetition_s += speed.seconds(work);
    longest_s = std::max(
        longest_s, seconds_of_workload(speed, workloads::held_bytes_of(query), repetition_s, duration_s));
  }
  return longest_s;
}

const Registered workload_analytics{{
    .name = "workload.analytics",
    .summary =
        "Scan, sort and join of tables in the GPU's memory are as fast as its peers', and right to the "
        "last row",
    .scope = Scope::gpu,
    .measures = workload_measures(Unit::giga_per_second, "rows scanned, rows sorted, or rows looked up"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects =
        "rows that are lost, there twice, out of order or changed, in a bit of a key or of what goes "
        "with it, between memory, cache, shared memory and the cores' whole numbers; memory that is slow "
        "where reads and writes are scattered",
    .misses = "floating-point arithmetic and the tensor cores; where in the memory it was (memory.sweep)",
    .device_evidence = "never run on a GPU",
    .variants = {{"scan", {}}, {"sort", {}}, {"join", {}}},
    .loads = {Resource::memory, Resource::cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
