// load_profile with the vocabulary given.
#pragma once

#include <string>

#include "harness/config/profile.h"
#include "harness/config/vocabulary.h"

namespace assay::config {

Profile read_profile(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics);

}  // namespace assay::config
