// Kernel events between two snapshots, cut and counted: a GPU in trouble can log faster than anybody reads,
// and what is said of it must fit one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "harness/model/kernel_event.h"

namespace assay::kernel_log {

/// Of one kind of event on one GPU: so many lines are kept, the rest is counted.
inline constexpr int kLinesKept = 20;
/// A line is cut behind this.
inline constexpr std::size_t kLongestLine = 1024;
/// All lines together; behind it only the first of each kind is kept, shortened. An eighth of a frame; with
/// what surrounds the lines it stays below three quarters.
inline constexpr std::size_t kMostLineBytes = 512 << 10;
inline constexpr std::size_t kShortLine = 80;
/// Kinds of events, on any GPU: behind it they are counted only.
inline constexpr std::size_t kMostKinds = 4096;

/// The driver logs an exception of a kernel as several lines within some milliseconds, of which the last
/// alone, an Xid 13 or 43, names the process: for so long the others wait for it.
inline constexpr std::int64_t kExceptionSpanUs = 1'000'000;

class EventDigest {
 public:
  void add(KernelEvent event);
  /// What was kept, in the order of the log but for exceptions whose last line has not come. The last one of
  /// a kind counts those that were not (KernelEvent::more), and stands where the last of them stood. Begins
  /// anew.
  std::vector<KernelEvent> take();
  /// Lines of an exception wait for their last: what is taken now would not know whose they are.
  bool awaits_lines() const;
  /// Events of kinds that are not kept at all, since the last call.
  std::int64_t take_uncounted();

 private:
  using Kind = std::tuple<KernelEvent::Kind, int, std::string, bool, int, KernelEvent::Severity, bool>;
  struct Seen {
    int kept = 0;
    std::size_t last = 0;  // in events_
  };

  void keep(KernelEvent event);
  void keep_unnamed(const std::string& pci_address);

  std::map<std::string, std::vector<KernelEvent>> unnamed_;  // by PCI address: lines that wait for their last
  std::vector<KernelEvent> events_;
  std::map<Kind, Seen> kinds_;
  std::size_t line_bytes_ = 0;
  std::int64_t uncounted_ = 0;
};

}  // namespace assay::kernel_log
