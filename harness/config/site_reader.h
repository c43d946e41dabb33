// load_site with the vocabulary given.
#pragma once

#include <string>

#include "harness/config/site.h"
#include "harness/config/vocabulary.h"

namespace assay::config {

Site read_site(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics);

}  // namespace assay::config
