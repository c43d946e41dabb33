#include "harness/run/sha256sums.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "harness/base/files.h"
#include "harness/base/sha256.h"
#include "harness/run/run_folder.h"

namespace assay::run {

std::string checksums_of_folder(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    if (name.find('\n') != std::string::npos) continue;  // no line could name it, and it is none of ours
    if (entry.is_regular_file() && name != kChecksumFile && extension != ".sig" &&
        extension != kUnfinishedExtension)
      names.insert(name);
  }
  std::string sums;
  for (const std::string& name : names) {
    const auto digest = sha256_of_file(folder + "/" + name);
    if (!digest) throw std::runtime_error(folder + "/" + name + ": cannot be read");
    sums += *digest + "  " + name + "\n";
  }
  return sums;
}

ChecksumVerification verify_checksums(const std::string& folder, const std::vector<std::string>& own_files) {
  std::ifstream sums(folder + "/" + kChecksumFile);
  ChecksumVerification verification;
  verification.present = sums.is_open();
  std::set<std::string> named;
  for (std::string line; std::getline(sums, line);) {
    constexpr std::size_t kDigestLength = 64;
    if (line.size() < kDigestLength + 3) continue;
    const std::string name = line.substr(kDigestLength + 2);
    const std::string path = folder + "/" + name;
    const auto digest = sha256_of_file(path);
    if (!digest) {
      std::error_code error;
      const bool there = std::filesystem::exists(path, error) || error;
      (there ? verification.unreadable : verification.changed).push_back(name);
    } else if (line.compare(0, kDigestLength, *digest) != 0) {
      verification.changed.push_back(name);
    }
    named.insert(name);
  }
  for (const std::string& name : own_files) {
    if (named.count(name) == 0) verification.uncovered.push_back(name);
  }
  return verification;
}

}  // namespace assay::run
