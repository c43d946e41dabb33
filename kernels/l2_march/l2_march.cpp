#include "kernels/l2_march/l2_march.h"

#include "kernels/target.h"

namespace assay::memory {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<L2March> make_l2_march(Gpu&, std::uint64_t))

std::uint64_t l2_working_set(std::uint64_t l2_bytes) {
  constexpr std::uint64_t kPiece = 4096;
  return static_cast<std::uint64_t>(kShareOfL2 * static_cast<double>(l2_bytes)) / kPiece * kPiece;
}

Work work_of_l2_march(std::uint64_t bytes_of_working_set, bool writes) {
  const double read = static_cast<double>(kRoundsOfL2) * static_cast<double>(bytes_of_working_set);
  const double instructions_per_word = writes ? 40 : 25;
  Work work(WorkKind::cached, writes ? 2 * read : read);
  work.add(WorkKind::instructions, read / sizeof(Word128) * instructions_per_word);
  return work;
}

std::unique_ptr<L2March> make_l2_march(Gpu& gpu, std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_l2_march)(gpu, seed);
}

}  // namespace assay::memory
