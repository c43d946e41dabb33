// What a file of limits (--limits) may do to the criteria of a run: docs/limits.md.
#pragma once

#include <stdexcept>
#include <vector>

#include "harness/model/criteria.h"

namespace assay {

/// A limit that --limits must not set. what() names it and says why.
class LimitError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Each limit replaces the one of the same check, measurement and kind, or is added; the criteria remember
/// every one that changes anything. Only what performance rests on can be loosened. Throws LimitError.
void override_limits(Criteria& criteria, const std::vector<Limit>& limits);

}  // namespace assay
