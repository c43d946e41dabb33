#include "kernels/collective_data/collective_data.h"

#include "kernels/target.h"

namespace assay::collective {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<RankData> make_rank_data(Gpu& gpu, std::uint64_t bytes,
                                                                std::size_t received_buffers))

std::unique_ptr<RankData> make_rank_data(Gpu& gpu, std::uint64_t bytes, std::size_t received_buffers) {
  return ASSAY_OF_TARGET(gpu, make_rank_data)(gpu, bytes, received_buffers);
}

Work work_of_preparing(double sent_bytes, double received_bytes) {
  return {WorkKind::write, sent_bytes + received_bytes};
}

Work work_of_looking_through(double received_bytes) {
  return {WorkKind::read, received_bytes};
}

}  // namespace assay::collective
