// configs/speeds/*.toml: how fast a product is, and what starting work on it costs.
#pragma once

#include <string>

#include "harness/config/diagnostics.h"
#include "harness/model/work.h"

namespace assay::config {

/// A rate for every kind of work: there is no default, so that nothing is estimated by another work's.
DeviceSpeed load_speed(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
