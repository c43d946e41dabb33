// [[limits]] tables: shared by SKU files and by files of limits alone.
#pragma once

#include <vector>

#include "harness/config/reader.h"
#include "harness/config/sku.h"
#include "harness/config/vocabulary.h"

namespace assay::config {

/// Limits whose check, measurement, unit and finding exist, which name their source, and which are plausible
/// against the peaks. The others are errors.
std::vector<Limit> read_limits(Table& root, const Vocabulary& vocabulary, const std::vector<Peak>& peaks);

bool same_subject(const Limit& a, const Limit& b);  // check, variant, measurement, kind, what it is per

}  // namespace assay::config
