// Bytes as hexadecimal text: for what must go through JSON unchanged.
#pragma once

#include <string>
#include <string_view>

namespace assay {

std::string to_hex(std::string_view bytes);

/// Throws std::invalid_argument for what to_hex() does not give.
std::string from_hex(std::string_view text);

}  // namespace assay
