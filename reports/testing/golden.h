// Compares a report with the file that a person has looked at and approved.
#pragma once

#include <string>

namespace assay::reports::samples {

/// `path` is relative to the source folder. With ASSAY_UPDATE_GOLDEN=1 in the environment the file is written
/// instead, to be looked at before it is committed. Returns an empty string, or what differs first.
std::string difference_from_golden(const std::string& path, const std::string& actual);

}  // namespace assay::reports::samples
