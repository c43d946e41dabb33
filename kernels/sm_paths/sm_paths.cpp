#include "kernels/sm_paths/sm_paths.h"

#include <algorithm>

#include "kernels/sm_paths/round_sizes.h"
#include "kernels/target.h"
#include "kernels/tensor_elements.h"

namespace assay::compute {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<SmPaths> make_sm_paths(Gpu&))

namespace emulated {
std::vector<std::uint64_t> expected_hashes(Datapath path, Data data, std::uint64_t seed);
}

bool BlockResult::stayed() const {
  return std::all_of(threads.begin(), threads.end(), [&](const ThreadResult& thread) {
    return thread.sm_at_start == sm() && thread.sm_at_end == sm();
  });
}

std::unique_ptr<SmPaths> make_sm_paths(Gpu& gpu) {
  return ASSAY_OF_TARGET(gpu, make_sm_paths)(gpu);
}

std::vector<std::uint64_t> expected_hashes(Datapath path, Data data, std::uint64_t seed) {
  const bool unspecified = path == Datapath::special || (data == Data::random && has_random_data(path));
  if (unspecified) return {};
  return emulated::expected_hashes(path, data, seed);
}

Work work_of_round(Datapath path, unsigned sms) {
  const double threads = static_cast<double>(sms) * kThreads;
  if (path == Datapath::tensor_fp64)
    return {WorkKind::fp64, threads / kLanes * kDoubleMultiplications * kOperationsOfDoubleTile};
  if (path >= Datapath::tensor_bf16) {
    return {work_kind_of(path),
            static_cast<double>(sms) * kWarpGroups * tensor_operations(format_of(path).bytes)};
  }
  return {WorkKind::instructions, threads * instructions_of_round(path)};
}

}  // namespace assay::compute
