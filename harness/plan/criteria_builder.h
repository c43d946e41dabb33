// Makes the criteria of a run: what the profile requires of the SKU, the limits, the findings, the waivers.
#pragma once

#include <stdexcept>
#include <vector>

#include "harness/config/profile.h"
#include "harness/config/site.h"
#include "harness/config/sku.h"
#include "harness/plan/criteria.h"

namespace assay {

/// Requirements come from the profile and the SKU alone, never from what a node has or what --only leaves.
Criteria build_criteria(const config::Sku& sku, const config::Profile& profile, const config::Site& site,
                        std::vector<FindingKind> findings);

/// A limit that must not be loosened. what() names it.
class LimitError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Each limit replaces the one of the same check, measurement and kind, or is added; the criteria remember
/// which. Corruption and device faults cannot be waived, so their limits can only be tightened: otherwise
/// throws LimitError.
void override_limits(Criteria& criteria, const std::vector<Limit>& limits);

}  // namespace assay
