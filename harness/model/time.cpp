#include "harness/model/time.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <limits>

namespace assay {

std::string rfc3339(Nanoseconds time) {
  Nanoseconds seconds = time / kSecond;
  Nanoseconds fraction = time % kSecond;
  if (fraction < 0) {
    fraction += kSecond;
    --seconds;
  }
  // Breaking a second down into a date costs more than the rest of a record, and many records share one.
  thread_local Nanoseconds last_seconds = std::numeric_limits<Nanoseconds>::min();
  thread_local std::string last_text;
  if (seconds != last_seconds) {
    last_text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(seconds)));
    last_seconds = seconds;
  }
  return fmt::format("{}.{:09}Z", last_text, fraction);
}

}  // namespace assay
