// The telemetry file of a run (series_file.h), read again.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "harness/model/part.h"
#include "harness/model/time.h"

namespace assay::telemetry {

/// A row, without its end of line.
struct SeriesLine {
  Nanoseconds time;
  Part part;
  std::string_view text;
};

/// Calls take(line) for each row in turn, the header apart. A last frame that is torn is left out. Throws
/// std::runtime_error for a file that cannot be read, or is none.
void for_each_line(const std::string& path, const std::function<void(const SeriesLine&)>& take);

}  // namespace assay::telemetry
