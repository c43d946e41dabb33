// A run's folder: where its files are. Made once, never written over.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "harness/run/channel.h"

namespace assay::run {

class RunFolder {
 public:
  /// Makes a hidden staging folder in `out` (which is made if it does not exist): a run that cannot be
  /// planned leaves nothing. Throws std::runtime_error.
  static RunFolder stage(const std::string& out);
  /// An existing run. Throws std::runtime_error when `path` is none.
  static RunFolder open(const std::string& path);

  RunFolder(RunFolder&&) = default;
  RunFolder& operator=(RunFolder&&) = default;
  /// Removes the folder if it is still staged.
  ~RunFolder();

  /// Gives the staged folder its name in `out`; the first of name, name-2, name-3, ... that is free.
  void publish(const std::string& name);

  /// Keeps others from working on the same run. False when one does.
  bool lock();

  const std::string& path() const { return path_; }
  std::string plan() const { return path_ + "/plan.json"; }
  std::string criteria() const { return path_ + "/criteria.json"; }
  std::string records() const { return path_ + "/records.jsonl"; }
  std::string telemetry() const { return path_ + "/telemetry.csv.zst"; }
  std::string report_html() const { return path_ + "/report.html"; }
  std::string checksums() const { return path_ + "/SHA256SUMS"; }
  /// Where telemetry goes on after a kill (telemetry/baseline.h); gone when the run is complete.
  std::string baseline() const { return path_ + "/telemetry-baseline.json"; }
  /// What children print: libraries' own words, for when something goes wrong.
  std::string child_log() const { return path_ + "/children.log"; }
  /// Simulated nodes only: the node's state, gone when the run is complete, and its kernel log.
  std::string simulated_state() const { return path_ + "/simulated-node.state"; }
  std::string simulated_kernel_log() const { return path_ + "/simulated-kernel.log"; }

 private:
  RunFolder(std::string out, std::string path, bool staged)
      : out_(std::move(out)), path_(std::move(path)), staged_(staged) {}
  std::string out_, path_;
  bool staged_ = false;
  Descriptor lock_;
};

/// Writes the whole file and renames it into place. Throws std::runtime_error.
void write_file(const std::string& path, const std::string& content);

std::string read_file(const std::string& path);
nlohmann::json read_json(const std::string& path);

}  // namespace assay::run
