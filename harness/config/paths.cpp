#include "harness/config/paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "harness/base/machine_refused.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::string configs_folder_of(const std::string& binary_folder) {
  const fs::path folder(binary_folder);
  for (const fs::path& candidate : {folder.parent_path() / "share/assay/configs", folder / "configs"}) {
    std::error_code ignored;
    if (fs::is_directory(candidate, ignored)) return candidate.string();
  }
  return ASSAY_SOURCE_CONFIGS;
}

std::string configs_folder() {
  std::error_code failed;
  const fs::path binary = fs::read_symlink("/proc/self/exe", failed);
  return failed ? ASSAY_SOURCE_CONFIGS : configs_folder_of(binary.parent_path().string());
}

std::string resolve(const std::string& kind, const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || ends_with(name_or_path, ".toml")) return name_or_path;
  return (fs::path(configs_folder()) / kind / (name_or_path + ".toml")).string();
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".toml") found.push_back(entry.path().stem().string());
  }
  if (failed) throw_unless_wrong_path(folder, failed.value());
  std::sort(found.begin(), found.end());
  return found;
}

bool is_plant(const std::string& name) {
  return name.rfind("plant-", 0) == 0;
}

std::vector<std::string> siblings(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  const bool plant = is_plant(fs::path(path).stem().string());
  std::vector<std::string> found = names_in(parent.empty() ? "." : parent.string());
  found.erase(std::remove_if(found.begin(), found.end(),
                             [plant](const std::string& name) { return is_plant(name) != plant; }),
              found.end());
  return found;
}

std::vector<std::string> names(const std::string& kind) {
  return siblings((fs::path(configs_folder()) / kind / "any.toml").string());
}

}  // namespace assay::config
