// Half precision as the cores have it: IEEE 754 binary16, rounded to the nearest even.
#pragma once

#include <cstdint>

namespace assay::cuda_emulation {

/// a b + c, rounded once. Bits; NaN is 0x7fff, as on the card.
std::uint16_t fma_of_half(std::uint16_t a, std::uint16_t b, std::uint16_t c);
/// Of the two halves in each word.
std::uint32_t fma_of_halves(std::uint32_t a, std::uint32_t b, std::uint32_t c);

}  // namespace assay::cuda_emulation
