// load_fault with the vocabulary given.
#pragma once

#include <string>

#include "harness/config/fault.h"
#include "harness/config/vocabulary.h"

namespace assay::config {

Fault read_fault(const std::string& spec, const Vocabulary& vocabulary, Diagnostics& diagnostics);

}  // namespace assay::config
