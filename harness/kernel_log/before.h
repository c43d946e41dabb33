// What was logged before a run began, made short: it goes to every check with the readings.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/model/kernel_event.h"

namespace assay::kernel_log {

class Before {
 public:
  /// So many kinds are kept; those that say that a part is at fault before all others.
  static constexpr std::size_t kMostKinds = 100;

  /// Interpreted events (meaning.h); `uncounted` ones are of kinds that nobody kept.
  void add(std::vector<KernelEvent> events, std::int64_t uncounted);
  /// Of each kind the first, and how many followed.
  const std::vector<KernelEvent>& events() const { return events_; }
  /// Further ones, of kinds that are not kept.
  std::int64_t more() const { return more_; }

 private:
  std::vector<KernelEvent> events_;
  std::int64_t more_ = 0;
};

}  // namespace assay::kernel_log
