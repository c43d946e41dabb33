// load_sku and load_limits with the vocabulary given.
#pragma once

#include <string>
#include <vector>

#include "harness/config/sku.h"
#include "harness/config/vocabulary.h"

namespace assay::config {

Sku read_sku(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics);
std::vector<Limit> read_limits_file(const std::string& path, const Sku& sku, const Vocabulary& vocabulary,
                                    Diagnostics& diagnostics);

}  // namespace assay::config
