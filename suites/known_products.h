// NVIDIA data-centre GPUs by what no label changes: multiprocessors, last-level cache, memory, and how fast
// they multiply.
#pragma once

#include "harness/model/datapath.h"
#include "harness/model/phrase.h"

namespace assay {

/// What a GPU shows of itself to CUDA.
struct Silicon {
  int multiprocessors = 0;
  double l2_mib = 0, memory_gib = 0;
};

/// "as of an H20: 78 SMs, 60 MiB of L2, 89.0 GiB of memory"; of silicon that is nobody's, that, and what it
/// has.
Phrase looks_like(const Silicon& silicon);

/// Of a tensor core's datapath: the rate over that of NVIDIA's datasheet, dense.
double share_of_h200(Datapath type, double tflops);

}  // namespace assay
