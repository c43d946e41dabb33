#include "harness/run/checksums.h"

#include <sha2.h>
#include <sys/types.h>

#include <filesystem>
#include <set>
#include <stdexcept>

namespace assay::run {

std::string checksums_of_folder(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name != "SHA256SUMS" && entry.path().extension() != ".sig")
      names.insert(name);
  }
  std::string sums;
  for (const std::string& name : names) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    if (SHA256File((folder + "/" + name).c_str(), digest) == nullptr) {
      throw std::runtime_error(folder + "/" + name + ": cannot be read");
    }
    sums += std::string(digest) + "  " + name + "\n";
  }
  return sums;
}

}  // namespace assay::run
