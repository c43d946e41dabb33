#include "kernels/workloads/analytics/analytics.h"

#include "kernels/target.h"
#include "kernels/workloads/analytics/sizes.h"

namespace assay::workloads {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Workload> make_scan(Gpu&, std::uint64_t);
                       std::unique_ptr<Workload> make_sort(Gpu&, std::uint64_t);
                       std::unique_ptr<Workload> make_join(Gpu&, std::uint64_t))

namespace {

/// Bytes read and written, and instructions of a thread.
Work work_of(double read, double written, double instructions) {
  Work work(WorkKind::read, read);
  work.add(WorkKind::write, written);
  work.add(WorkKind::instructions, instructions);
  return work;
}

/// The memory is read 64 bytes at a time, and single reads from all over it reach some 70 % of its rate: what
/// a streaming read would bring in their time.
constexpr double kBytesOfARandomRead = 64 / 0.7;

}  // namespace

ScanWork work_of_scan() {
  const auto rows = static_cast<double>(kScanOnCard.rows()),
             selected = static_cast<double>(kScanOnCard.selected());
  return {work_of(4 * rows, 0, 8 * rows), work_of(0, 4 * selected, selected / 2),
          work_of(4 * rows, 4 * selected, 12 * rows), work_of(4 * selected, 0, 25 * selected)};
}

SortWork work_of_sort() {
  const auto rows = static_cast<double>(kSortOnCard.rows());
  const double counters = 4.0 * kDigits * kSortOnCard.blocks;
  return {work_of(8 * rows, counters, 8 * rows), work_of(counters, counters, counters),
          work_of(8 * rows + counters, 8 * rows, 60 * rows), work_of(8 * rows, 0, 25 * rows)};
}

/// A row that is put in reads its slot and writes it back; one that is looked up reads 1.5 slots where it is
/// found and 2.5 where it is not (linear probing, half full), nearly always of one piece of 64 bytes.
JoinWork work_of_join() {
  const auto built = static_cast<double>(kJoinOnCard.built()),
             probes = static_cast<double>(kJoinOnCard.probes()),
             slots = static_cast<double>(kJoinOnCard.slots());
  constexpr double kPiecesOfALookUp = 1.2;
  return {work_of(0, 8 * slots, slots / 2),
          work_of((8 + kBytesOfARandomRead) * built, kBytesOfARandomRead * built, 40 * built),
          work_of((4 + kPiecesOfALookUp * kBytesOfARandomRead) * probes, 4 * probes, 40 * probes),
          work_of(4 * probes, 4 * probes, 15 * probes), work_of(8 * slots, 0, 10 * slots)};
}

std::vector<Work> launches_of(Query query) {
  if (query == Query::scan) {
    const ScanWork work = work_of_scan();
    return {work.count, work.clear, work.compact, work.look};
  }
  if (query == Query::join) {
    const JoinWork work = work_of_join();
    return {work.clear, work.build, work.probe, work.look, work.look_at_table};
  }
  const SortWork work = work_of_sort();
  std::vector<Work> all;
  for (unsigned pass = 0; pass < kSortPasses; ++pass)
    all.insert(all.end(), {work.count, work.add_up, work.move});
  all.push_back(work.look);
  return all;
}

double held_bytes_of(Query query) {
  switch (query) {
    case Query::scan:
      return 4 * static_cast<double>(kScanOnCard.rows() + kScanOnCard.selected());
    case Query::sort:
      return 3 * 8 * static_cast<double>(kSortOnCard.rows());
    default:
      return 8 * static_cast<double>(kJoinOnCard.probes() + kJoinOnCard.built() + kJoinOnCard.slots());
  }
}

std::unique_ptr<Workload> make_analytics(Gpu& gpu, Query query, std::uint64_t seed) {
  switch (query) {
    case Query::scan:
      return ASSAY_OF_TARGET(gpu, make_scan)(gpu, seed);
    case Query::sort:
      return ASSAY_OF_TARGET(gpu, make_sort)(gpu, seed);
    default:
      return ASSAY_OF_TARGET(gpu, make_join)(gpu, seed);
  }
}

}  // namespace assay::workloads
