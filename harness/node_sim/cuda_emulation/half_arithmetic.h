// Half precision as the cores have it: IEEE 754 binary16, rounded to the nearest even.
#pragma once

#include <cstdint>

namespace assay::cuda_emulation {

/// To the nearest even. A value that was rounded before is to have been rounded to odd, or be exact in a
/// float.
std::uint16_t half_of(double value);

/// a b + c, rounded once. Bits; NaN is 0x7fff, as on the card.
std::uint16_t fma_of_half(std::uint16_t a, std::uint16_t b, std::uint16_t c);
/// Of the two halves in each word.
std::uint32_t fma_of_halves(std::uint32_t a, std::uint32_t b, std::uint32_t c);

}  // namespace assay::cuda_emulation
