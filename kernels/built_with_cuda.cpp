// What a build without CUDA says in place of a GPU.
#include "harness/node_real/cuda_gpu.h"

namespace assay {

#ifdef ASSAY_WITH_CUDA

bool built_with_cuda() {
  return true;
}

#else

bool built_with_cuda() {
  return false;
}

std::unique_ptr<Gpu> open_cuda_gpu(const std::string&) {
  throw DeviceError(codes::no_cuda, "this build has no CUDA");
}

#endif

}  // namespace assay
