// Hashes for seeds: streams of data and of noise are named, not numbered. Not cryptographic; sha256.h is.
#pragma once

#include <cstdint>
#include <string_view>

namespace assay {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x);

std::uint64_t hash_text(std::uint64_t seed, std::string_view text);

}  // namespace assay
