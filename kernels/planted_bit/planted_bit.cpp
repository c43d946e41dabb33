#include "kernels/planted_bit/planted_bit.h"

#include "kernels/target.h"

namespace assay::drill {

ASSAY_FOR_BOTH_TARGETS(void flip_bits(Gpu& gpu, void* byte, std::uint8_t bits))

void flip_bits(Gpu& gpu, void* byte, std::uint8_t bits) {
  ASSAY_OF_TARGET(gpu, flip_bits)(gpu, byte, bits);
}

}  // namespace assay::drill
