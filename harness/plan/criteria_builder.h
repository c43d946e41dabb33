// Makes the criteria of a run: what the profile requires of the SKU, the limits, the findings, the waivers.
#pragma once

#include <vector>

#include "harness/config/profile.h"
#include "harness/config/site.h"
#include "harness/config/sku.h"
#include "harness/model/criteria.h"

namespace assay {

/// Requirements come from the profile and the SKU alone, never from what a node has or what --only leaves.
Criteria build_criteria(const config::Sku& sku, const config::Profile& profile, const config::Site& site,
                        std::vector<FindingKind> findings);

}  // namespace assay
