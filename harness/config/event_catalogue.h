// configs/xid/: what the numbers in the kernel's log mean, and what their makers would have done.
#pragma once

#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/shipped_files.h"
#include "harness/model/event_catalogue.h"

namespace assay::config {

/// Of the folder's xid.toml, sxid.toml and actions.toml. A number given twice and an action that has no words
/// are errors. What was read is added to `sources`.
EventCatalogue load_event_catalogue(const std::string& folder, Diagnostics& diagnostics,
                                    std::vector<SourceFile>* sources = nullptr);

}  // namespace assay::config
