// What this machine, and neither Assay nor the node under test, is to blame for.
#pragma once

#include <stdexcept>
#include <string>

namespace assay {

/// The machine refused what Assay needs of it: a full disk, no descriptor or process left, a folder that was
/// taken away. Thrown where a system call fails, with its errno; ends in exit code 11 (cli/cli.cpp).
class MachineRefused : public std::runtime_error {
 public:
  /// `what` was asked for: a path, or "socketpair".
  MachineRefused(const std::string& what, int error);
  /// Where no single call failed: `why` in full.
  explicit MachineRefused(const std::string& why) : std::runtime_error(why), error_(0) {}
  /// The path that was given is the reason (it does not exist, is no folder, is somebody else's): whoever
  /// named it names another, and nothing has to be mended.
  bool is_wrong_path() const;

 private:
  int error_;
};

/// Throws MachineRefused where `error` is the machine's. Nothing happens where the path is wrong: for callers
/// that have their own words for that.
void throw_unless_wrong_path(const std::string& what, int error);

}  // namespace assay
