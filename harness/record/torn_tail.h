// What a writer that was killed in the middle of a line leaves behind.
#pragma once

#include <cstddef>
#include <string>

namespace assay::record {

/// Cuts the open file to its first `length` bytes: what was read as whole. Throws JournalError, also where it
/// is shorter than that by now; `path` is for the message.
void cut_torn_tail(int descriptor, const std::string& path, std::size_t length);

}  // namespace assay::record
