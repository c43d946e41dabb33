#include "harness/config/shipped_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "harness/config/paths.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

std::string shipped_name(const std::string& kind, const SourceFile& file) {
  return kind + "/" + fs::path(file.path).filename().string();
}

const ShippedFile* find(const std::string& name) {
  const auto& all = shipped_files();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ShippedFile& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

bool lies_among_shipped(const std::string& kind, const std::string& path) {
  std::error_code failed;
  return fs::equivalent(fs::absolute(path).parent_path(), fs::path(configs_folder()) / kind, failed);
}

}  // namespace

std::vector<std::string> not_as_shipped(const std::string& kind, const std::vector<SourceFile>& files) {
  std::vector<std::string> others;
  for (const SourceFile& file : files) {
    const ShippedFile* shipped = find(shipped_name(kind, file));
    if (shipped != nullptr && file.sha256 == shipped->sha256) continue;
    const bool in_place = shipped != nullptr && lies_among_shipped(kind, file.path);
    others.push_back(file.path + (in_place ? ", not as shipped" : ""));
  }
  return others;
}

std::vector<std::string> not_as_shipped_whole(const std::string& kind, const std::vector<SourceFile>& files) {
  std::vector<std::string> others = not_as_shipped(kind, files);
  for (const ShippedFile& shipped : shipped_files()) {
    const std::string name = shipped.name;
    if (name.compare(0, kind.size() + 1, kind + "/") != 0) continue;
    const bool there = std::any_of(files.begin(), files.end(),
                                   [&](const SourceFile& file) { return shipped_name(kind, file) == name; });
    if (!there) others.push_back((fs::path(configs_folder()) / name).string() + ", missing");
  }
  return others;
}

}  // namespace assay::config
