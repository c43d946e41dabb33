// Two checks that pass only together: each waits for the other on its own part, so they must be at work at
// the same time, in one process, each with its share of the memory.
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "suites/selftest/selftest.h"

namespace assay::selftest {

inline constexpr std::chrono::seconds kPatience{10};  // of real time

/// Where the two meet, by part: workers that are threads share it with those of other parts.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<Part, int> here;
};

inline bool meet(const Part& part) {
  static Meeting meeting;
  std::unique_lock lock(meeting.mutex);
  const int mine = ++meeting.here[part];
  const int complete = mine + mine % 2;  // two of each attempt
  meeting.changed.notify_all();
  return meeting.changed.wait_for(lock, kPatience, [&] { return meeting.here[part] >= complete; });
}

inline void run_overlapping(Context& context) {
  const DeviceMemory memory = context.gpu().memory();
  const bool shared = memory.free_bytes <= memory.total_bytes / 2;
  const auto mine = context.gpu().allocate(memory.free_bytes / 2);
  context.measure("value", meet(context.part()) && shared ? 1 : 0, Unit::count);
}

}  // namespace assay::selftest
