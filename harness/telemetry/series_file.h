// The telemetry file of a run: CSV, one row per sample and GPU, in zstd frames that are each whole on their
// own. Of stretches of ten seconds in which a GPU does one and the same thing there are three rows in place
// of a hundred: what was least, mean and most (quiet_stretch.h); the last two columns say so. Rows of one GPU
// are in the order of time; those of several are not.
//
// A run that is killed loses at most the rows of the last, unfinished frame, and of a stretch that had not
// ended; everything before stays readable with `zstdcat`, DuckDB or pandas. Appending after a resume is
// another frame.
#pragma once

#include <map>
#include <string>

#include "harness/base/descriptor.h"
#include "harness/model/part.h"
#include "harness/model/readings.h"
#include "harness/telemetry/quiet_stretch.h"

namespace assay::telemetry {

class SeriesFile {
 public:
  /// Opens for appending; a new file starts with the header row. Throws std::runtime_error.
  explicit SeriesFile(const std::string& path);
  ~SeriesFile();

  void add(const Part& part, const GpuSample& sample);
  /// Writes out stretches that may still go on: nothing more comes. Not thereby flushed.
  void end_stretches();
  /// Ends the frame and hands it to the kernel. Throws std::runtime_error when the disk is full.
  void flush();
  std::size_t rows() const { return rows_; }

  /// The header row. Empty cells are readings that the driver does not give.
  static const std::string& header();

 private:
  void write(const Part& part, const SeriesRow& row);

  Descriptor fd_;
  std::string path_;
  std::string pending_;
  std::map<Part, QuietStretch> stretches_;
  std::size_t rows_ = 0;
};

}  // namespace assay::telemetry
