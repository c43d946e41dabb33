// Processes that are killed at a chosen moment of the run that they write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/assay_process.h"

namespace assay::testing_tools {

/// The run folder in `out`, once it has its name; empty before.
std::string published_run(const std::string& out);

/// The run in `out` has written records that hold this text.
bool has_written(const std::string& out, const std::string& text);

/// Starts `assay ARGUMENTS` and kills it with SIGKILL once the records of the run in `out` have reached this
/// size. False when it ended before.
bool kill_at_size(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
                  const std::string& out, std::uintmax_t bytes);

/// A process that ended is a zombie until somebody waits for it: it does not live.
bool lives(pid_t process);

/// Waits for it, at most 20 s.
bool all_end(const std::vector<pid_t>& processes);

/// A run of the simulated node that is killed during the sweep; its folder.
std::string killed_run(const ScratchFolder& scratch);

/// Bytes in the records of the run in `out`; 0 while there is none.
std::uintmax_t size_of_records(const std::string& out);

}  // namespace assay::testing_tools
