// SHA256SUMS of a run's folder, as sha256sum writes and checks them.
#pragma once

#include <string>

namespace assay::run {

/// A line for each file of the folder itself, sorted by name; SHA256SUMS and signatures are left out.
/// Throws std::runtime_error when a file cannot be read.
std::string checksums_of_folder(const std::string& folder);

/// The files that SHA256SUMS names and that are gone or differ, as "a, b"; empty where all is as it was, or
/// where there are no sums.
std::string changed_files(const std::string& folder);

}  // namespace assay::run
