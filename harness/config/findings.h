// The findings catalogue, configs/findings/*.toml: code, class, action, what explains it, texts in English
// and Chinese.
#pragma once

#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/shipped_files.h"
#include "harness/model/criteria.h"

namespace assay::config {

/// All files of the folder, in order of their names. A code given twice is an error. What was read is added
/// to `sources`.
std::vector<FindingKind> load_findings(const std::string& folder, Diagnostics& diagnostics,
                                       std::vector<SourceFile>* sources = nullptr);

}  // namespace assay::config
