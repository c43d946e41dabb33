#include "kernels/cuda_support.h"
#include "kernels/planted_bit/planted_bit.h"

namespace assay::drill::ASSAY_TARGET {
namespace {

__global__ void flip(std::uint8_t* byte, std::uint8_t bits) {
  *byte = static_cast<std::uint8_t>(*byte ^ bits);
}

}  // namespace

void flip_bits(Gpu& gpu, void* byte, std::uint8_t bits) {
  gpu.make_current();
  cuda::Stream stream;
  cuda::launch({1, 1, 0, stream.get()}, Work(WorkKind::write, 1), flip, static_cast<std::uint8_t*>(byte),
               bits);
  cuda::check(cudaStreamSynchronize(stream.get()), "flip bits");
}

}  // namespace assay::drill::ASSAY_TARGET
