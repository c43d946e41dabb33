// The files of a machine, or of a recording of one: a folder that stands for its root.
#pragma once

#include <filesystem>

#include "harness/node/host_files.h"

namespace assay {

class FileTree final : public HostFiles {
 public:
  /// "/" for this machine.
  explicit FileTree(const std::filesystem::path& root);

  std::optional<std::string> read(const std::string& path) const override;
  std::optional<std::string> sha256(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder) const override;
  /// Nothing for what leads out of the root, too.
  std::optional<std::string> resolve(const std::string& path) const override;

 private:
  std::filesystem::path root_;
};

}  // namespace assay
