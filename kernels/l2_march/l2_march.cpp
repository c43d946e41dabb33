#include "kernels/l2_march/l2_march.h"

#include "kernels/target.h"

namespace assay::memory {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<L2March> make_l2_march(Gpu&, std::uint64_t))

std::uint64_t l2_working_set(std::uint64_t l2_bytes) {
  constexpr std::uint64_t kPiece = 1 << 20;
  return static_cast<std::uint64_t>(kShareOfL2 * static_cast<double>(l2_bytes)) / kPiece * kPiece;
}

Work work_of_l2_march(std::uint64_t bytes_of_working_set) {
  const double bytes = 2.0 * kRoundsOfL2 * static_cast<double>(bytes_of_working_set);
  constexpr double kInstructionsPerWord = 40;
  Work work(WorkKind::cached, bytes);
  work.add(WorkKind::instructions, bytes / 2 / sizeof(Word128) * kInstructionsPerWord);
  return work;
}

std::unique_ptr<L2March> make_l2_march(Gpu& gpu, std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_l2_march)(gpu, seed);
}

}  // namespace assay::memory
