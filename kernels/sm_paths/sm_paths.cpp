#include "kernels/sm_paths/sm_paths.h"

#include <algorithm>

#include "kernels/sm_paths/round_sizes.h"
#include "kernels/target.h"

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
  const bool unspecified =
      path == Datapath::special ||
      (data == Data::random && path >= Datapath::tensor_bf16 && path != Datapath::tensor_int8);
  if (unspecified) return {};
  return emulated::expected_hashes(path, data, seed);
}

Work work_of_round(Datapath path, unsigned sms) {
  const double threads = static_cast<double>(sms) * kThreads;
  const auto tensor = [&](WorkKind kind, int bytes) {
    return Work(kind, static_cast<double>(sms) * kWarpGroups * tensor_operations(bytes));
  };
  switch (path) {
    case Datapath::tensor_bf16:
      return tensor(WorkKind::bf16, 2);
    case Datapath::tensor_fp16:
      return tensor(WorkKind::fp16, 2);
    case Datapath::tensor_tf32:
      return tensor(WorkKind::tf32, 4);
    case Datapath::tensor_e4m3:
    case Datapath::tensor_e5m2:
      return tensor(WorkKind::fp8, 1);
    case Datapath::tensor_int8:
      return tensor(WorkKind::int8, 1);
    case Datapath::tensor_fp64:
      return {WorkKind::fp64, threads / kLanes * kDoubleMultiplications * kOperationsOfDoubleTile};
    default:
      break;
  }
  return {WorkKind::instructions, threads * instructions_of_round(path)};
}

}  // namespace assay::compute
