// What the operating system says of the node, in the files that it says it with: /sys and /proc, of this
// machine, of a recording of one, or of a simulated node.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay {

/// Paths are absolute, as on the node: "/sys/bus/pci/devices/0000:19:00.0/numa_node".
class HostFiles {
 public:
  virtual ~HostFiles() = default;
  /// What the file holds, without the newline at its end; nothing where there is none that can be read.
  virtual std::optional<std::string> read(const std::string& path) const = 0;
  /// SHA-256 of the file, 64 hexadecimal digits; nothing where there is none that can be read.
  virtual std::optional<std::string> sha256(const std::string& path) const = 0;
  /// Names in a folder, sorted; none where there is no folder.
  virtual std::vector<std::string> list(const std::string& folder) const = 0;
  /// Where a path leads once all links are followed; nothing where it leads nowhere.
  virtual std::optional<std::string> resolve(const std::string& path) const = 0;
};

}  // namespace assay
