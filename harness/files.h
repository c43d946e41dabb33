// Writing files to their end. Each call returns the errno of what went wrong, or 0: every caller has an error
// of its own to make of it.
#pragma once

#include <string>
#include <string_view>

namespace assay {

int write_all(int descriptor, std::string_view bytes);

/// The directory entry of `path` survives a power cut.
int sync_folder_of(const std::string& path);

}  // namespace assay
