#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay {

/// 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

/// The same of what a file holds; nothing where it cannot be read.
std::optional<std::string> sha256_of_file(const std::string& path);

}  // namespace assay
