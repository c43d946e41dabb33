// A run's folder: where its files are. Made once, never written over.
#pragma once

#include <string>
#include <vector>

#include "harness/base/descriptor.h"
#include "harness/ipc/child.h"

namespace assay::run {

/// What the names of simulated runs' folders begin with.
inline constexpr const char* kSimulatedNamePrefix = "SIMULATED-";

class RunFolder {
 public:
  /// Makes a hidden staging folder in `out` (which is made if it does not exist): a run that cannot be
  /// planned leaves nothing. Throws MachineRefused, also where a path of the run would be too long; or
  /// std::runtime_error where it is no UTF-8, which is what records and messages are.
  static RunFolder stage(const std::string& out);
  /// An existing run. Throws std::runtime_error when `path` is none.
  static RunFolder open(const std::string& path);

  RunFolder(RunFolder&&) = default;
  RunFolder& operator=(RunFolder&&) = default;
  /// Removes the folder if it is still staged.
  ~RunFolder();

  /// Gives the staged folder its name in `out`; the first of name, name-2, name-3, ... that is free.
  void publish(const std::string& name);

  /// Keeps others from working on the same run. False when one does, or when a process of the run that was
  /// killed has not ended yet (run/lock_holders.h).
  bool lock();
  /// What our children get of the lock.
  ipc::ChildFiles child_files() const { return {child_log(), lock_.get()}; }

  const std::string& path() const { return path_; }
  /// Names of the files that every run ends with, SHA256SUMS apart.
  static const std::vector<std::string>& own_files();

  std::string plan() const { return path_ + "/plan.json"; }
  std::string criteria() const { return path_ + "/criteria.json"; }
  std::string records() const { return path_ + "/records.jsonl"; }
  std::string telemetry() const { return path_ + "/telemetry.csv.zst"; }
  std::string report_html() const { return path_ + "/report.html"; }
  std::string checksums() const { return path_ + "/SHA256SUMS"; }
  /// What children print: libraries' own words, for when something goes wrong.
  std::string child_log() const { return path_ + "/children.log"; }
  bool is_named_simulated() const;

 private:
  RunFolder(std::string out, std::string path, bool staged)
      : out_(std::move(out)), path_(std::move(path)), staged_(staged) {}
  std::string out_, path_;
  bool staged_ = false;
  Descriptor lock_;
};

}  // namespace assay::run
