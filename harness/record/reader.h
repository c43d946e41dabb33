// Reads records.jsonl back. Strict: a line that is missing, twice there or out of place means that the
// records are not what was measured. Only a torn end, which every killed run may have, is tolerated.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/model/run.h"

namespace assay::record {

/// The records cannot be trusted, or are none of ours.
class RecordsError : public std::runtime_error {
 public:
  RecordsError(std::size_t line, const std::string& what)
      : std::runtime_error("line " + std::to_string(line) + ": " + what), line_(line) {}
  std::size_t line() const { return line_; }  // from 1

 private:
  std::size_t line_;
};

/// `text` is the content of records.jsonl. A judgement is left out, and on a run that is not closed it does
/// not count as part of the valid prefix: the run that goes on will be judged again. Throws RecordsError.
RunRecord parse_records(std::string_view text);

/// Throws RecordsError, or std::runtime_error when the file cannot be read.
RunRecord read_records(const std::string& path);

}  // namespace assay::record
