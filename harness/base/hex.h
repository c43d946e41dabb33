// Bytes and large numbers as hexadecimal text: for what must go through JSON unchanged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

std::string to_hex(std::string_view bytes);

/// Throws std::invalid_argument for what to_hex() does not give.
std::string from_hex(std::string_view text);

/// The number of "0x1f", as it is written with fmt's "{:#x}". Throws std::invalid_argument for anything else,
/// a sign or a blank included.
std::uint64_t number_from_hex(std::string_view text);

}  // namespace assay
