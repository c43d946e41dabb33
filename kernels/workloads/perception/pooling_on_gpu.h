// Pooling with its data, and with what it must come to.
#pragma once

#include <string>

#include "kernels/workloads/perception/look.h"
#include "kernels/workloads/perception/perception.h"
#include "kernels/workloads/perception/pool.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

class PoolingOnGpu {
 public:
  PoolingOnGpu(Gpu& gpu, const Bins& bins, std::uint64_t seed)
      : bins_(bins),
        features_(gpu.allocate(bins.feature_words() * sizeof(Word128))),
        pooled_(gpu.allocate(bins.pooled_words() * sizeof(Word128))),
        sums_(gpu.allocate(std::uint64_t{bins.frames} * bins.cells() * sizeof(std::int32_t))) {
    const SortedPoints sorted = sorted_by_cell(bins, seed);
    first_ = uploaded(gpu, sorted.first);
    points_ = uploaded(gpu, sorted.points);
    const auto bytes = static_cast<double>(features_->bytes());
    cuda::launch(shape_for(bins.feature_words()), Work(WorkKind::write, bytes), fill_with_random_bytes,
                 pointer<Word128>(features_), bins.feature_words(), ~seed);
    cuda::check(cudaMemset(sums_->device_pointer(), 0, sums_->bytes()), "clear");
    cuda::launch(shape_for(std::uint64_t{bins.frames} * bins.pixels), Work(WorkKind::read, bytes), scatter,
                 bins, pointer<const Word128>(features_), seed, pointer<std::int32_t>(sums_));
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "what is expected");
  }

  void clear() {
    cuda::check(cudaMemsetAsync(pooled_->device_pointer(), 0x80, pooled_->bytes(), cudaStreamPerThread),
                "clear");
  }
  void launch(const Bins& nominal, memory::BadWordList* wrong_sums) {
    const unsigned blocks = (bins_.cells() * kLanesOfCell + kPoolThreads - 1) / kPoolThreads * bins_.frames;
    cuda::launch({blocks, kPoolThreads}, work_of_pooling(nominal), pool,
                 Pooling{bins_, pointer<const std::uint32_t>(first_), pointer<const std::uint32_t>(points_),
                         pointer<const Word128>(features_), pointer<Word128>(pooled_),
                         pointer<const std::int32_t>(sums_), wrong_sums});
  }
  void look(const Bins& nominal, std::uint64_t first_number, Sum* hash) {
    cuda::launch(
        shape_for(bins_.pooled_words()), work_of_look(nominal.pooled_words()), look_through,
        Look{pointer<const Word128>(pooled_), bins_.pooled_words(), first_number, 1, 0, 1, 1, nullptr}, hash,
        static_cast<memory::BadWordList*>(nullptr));
  }
  std::string place_of(std::uint64_t number) const {
    return "cell " + std::to_string(number % bins_.cells()) + " of frame " +
           std::to_string(number / bins_.cells());
  }

 private:
  Bins bins_;
  Buffer features_, pooled_, sums_, first_, points_;
};

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
