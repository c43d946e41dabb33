// Which configurations are the shipped ones: told by their content, never by their name or where they lie.
#pragma once

#include <string>
#include <vector>

namespace assay::config {

/// A file as it was read.
struct SourceFile {
  std::string path, sha256;
};

/// A file of configs/ as this binary was built with it; `name` is "profiles/quick.toml".
struct ShippedFile {
  const char* name;
  const char* sha256;
};

/// SKUs, profiles and findings. Generated: cmake/hash_configs.cmake.
const std::vector<ShippedFile>& shipped_files();

/// Which of the files, read as configurations of this kind ("profiles"), are not the shipped ones: "PATH", or
/// "PATH, not as shipped" for one that was changed in its place.
std::vector<std::string> not_as_shipped(const std::string& kind, const std::vector<SourceFile>& files);

/// The same for a kind of which all files are always read, so that one can also be missing.
std::vector<std::string> not_as_shipped_whole(const std::string& kind, const std::vector<SourceFile>& files);

}  // namespace assay::config
