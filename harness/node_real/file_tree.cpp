#include "harness/node_real/file_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "harness/base/sha256.h"

namespace assay {

namespace fs = std::filesystem;

FileTree::FileTree(const fs::path& root) {
  std::error_code error;
  root_ = fs::canonical(root, error);
  if (error) root_ = root;
}

std::optional<std::string> FileTree::read(const std::string& path) const {
  const auto real = resolve(path);
  if (!real) return std::nullopt;
  std::ifstream file(root_ / fs::path(*real).relative_path(), std::ios::binary);
  if (!file) return std::nullopt;
  std::string content;
  try {
    content.assign(std::istreambuf_iterator<char>(file), {});
  } catch (const std::ios_base::failure&) {  // a folder; a device that does not answer
    return std::nullopt;
  }
  if (!content.empty() && content.back() == '\n') content.pop_back();
  return content;
}

std::optional<std::string> FileTree::sha256(const std::string& path) const {
  const auto real = resolve(path);
  if (!real) return std::nullopt;
  return sha256_of_file(root_ / fs::path(*real).relative_path());
}

std::vector<std::string> FileTree::list(const std::string& folder) const {
  std::vector<std::string> names;
  const auto real = resolve(folder);
  if (!real) return names;
  std::error_code error;
  for (fs::directory_iterator at(root_ / fs::path(*real).relative_path(), error), end; !error && at != end;
       at.increment(error))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> FileTree::resolve(const std::string& path) const {
  std::error_code error;
  const fs::path real = fs::canonical(root_ / fs::path(path).relative_path(), error);
  if (error) return std::nullopt;
  const fs::path below = real.lexically_relative(root_);
  if (below.empty() || *below.begin() == "..") return std::nullopt;
  return below == "." ? "/" : "/" + below.string();
}

}  // namespace assay
