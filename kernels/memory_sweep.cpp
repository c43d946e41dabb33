#include "kernels/memory_sweep.h"

#include "kernels/memory_sweep_twin.h"
#include "kernels/target.h"

namespace assay::memory {
namespace {

constexpr int kSimulatedPageShift = 8;

}  // namespace

int sweep_page_shift(Gpu& gpu) {
  return gpu.emulated() ? kSimulatedPageShift : kCardPageShift;
}

std::unique_ptr<MemorySweep> make_memory_sweep([[maybe_unused]] Gpu& gpu,
                                               const std::vector<DeviceBuffer*>& region, int page_shift) {
#ifdef ASSAY_WITH_CUDA
  if (!gpu.emulated()) return card::make_sweep_kernel(gpu, region, page_shift);
#endif
  return make_sweep_twin(region, page_shift);
}

}  // namespace assay::memory
