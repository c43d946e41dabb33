// A kernel's source (.cu) is compiled twice: by nvcc for the card, and by g++ for the emulation of CUDA that
// a simulated GPU is (harness/node_sim/cuda_emulation). ASSAY_TARGET is `card` or `emulated`
// (cmake/cuda.cmake) and names the namespace of all that is compiled twice, so that one binary holds both.
#pragma once

#include "harness/node/gpu.h"

/// Declares a function of the enclosing namespace that has a definition in either.
#define ASSAY_FOR_BOTH_TARGETS(...) \
  namespace card {                  \
  __VA_ARGS__;                      \
  }                                 \
  namespace emulated {              \
  __VA_ARGS__;                      \
  }

/// The one of them that runs on `gpu`. Without CUDA in the build there are emulated GPUs only.
#ifdef ASSAY_WITH_CUDA
#define ASSAY_OF_TARGET(gpu, function) ((gpu).emulated() ? &emulated::function : &card::function)
#else
#define ASSAY_OF_TARGET(gpu, function) (static_cast<void>(gpu), &emulated::function)
#endif
