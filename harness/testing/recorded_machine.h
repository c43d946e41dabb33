// For tests: a machine's /sys and /proc, from recordings (tests/data/), in a folder of their own.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/node_real/file_tree.h"
#include "harness/testing/scratch_folder.h"

namespace assay::testing_tools {

class RecordedMachine {
 public:
  /// `name`: a file below tests/data/, without ".txt". Each line is "path = content" ("\n" for a new line in
  /// it) or "path -> target" of a link; the first says where it comes from.
  explicit RecordedMachine(const std::string& name) { add(name); }

  void add(const std::string& name) {
    std::ifstream recording(std::string(ASSAY_SOURCE_DIR) + "/tests/data/" + name + ".txt");
    std::string line;
    std::getline(recording, line);
    while (std::getline(recording, line)) unpack(line);
  }
  /// "/sys/..." as on the machine.
  void set(const std::string& path, const std::string& content) const {
    folder.write(path.substr(1), content + "\n");
  }
  FileTree files() const { return FileTree(folder.path()); }

  ScratchFolder folder;

 private:
  void unpack(const std::string& line) {
    namespace fs = std::filesystem;
    const auto link = line.find(" -> "), file = line.find(" = ");
    if (link != std::string::npos && (file == std::string::npos || link < file)) {
      const fs::path path = folder.path() / line.substr(1, link - 1);
      fs::create_directories(path.parent_path());
      fs::create_symlink(line.substr(link + 4), path);
      return;
    }
    std::string content = line.substr(file + 3);
    for (auto at = content.find("\\n"); at != std::string::npos; at = content.find("\\n", at))
      content.replace(at, 2, "\n");
    set(line.substr(0, file), content);
  }
};

}  // namespace assay::testing_tools
