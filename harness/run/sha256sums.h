// SHA256SUMS of a run's folder, as sha256sum writes and checks them.
#pragma once

#include <string>
#include <vector>

namespace assay::run {

inline constexpr const char* kChecksumFile = "SHA256SUMS";

/// A line for each file of the folder itself, sorted by name; SHA256SUMS, signatures and what
/// was never finished are left out.
/// Throws std::runtime_error when a file cannot be read.
std::string checksums_of_folder(const std::string& folder);

struct ChecksumVerification {
  bool present = false;                 // there is a SHA256SUMS
  std::vector<std::string> changed;     // named, and gone or different
  std::vector<std::string> unreadable;  // named, there, and not for this user to read
  std::vector<std::string> uncovered;   // of a run's own files, those that are not named
};

/// `own_files`: names of the files that the sums must cover.
ChecksumVerification verify_checksums(const std::string& folder, const std::vector<std::string>& own_files);

}  // namespace assay::run
