#include "harness/node_sim/cublaslt_library/algorithms.h"

#include <cstring>

#include "harness/node_sim/cublaslt_library/library.h"

namespace assay::cublaslt {
namespace {

constexpr std::uint64_t kMark = 0x617373'6179'6c74;  // of algorithms that this library has made
constexpr Way kWays[] = {{1, 1, 4 << 20}, {2, 1, 0}, {2, 2, 8 << 20}};
constexpr std::uint64_t kCount = std::size(kWays);
/// Real heuristics take what memory is left into account. Below this, these do.
constexpr std::uint64_t kLittleMemory = 4ull << 30;

std::uint64_t types_of(const Problem& p) {
  std::uint64_t types = static_cast<std::uint64_t>(p.matmul.compute);
  for (const DataType type : {p.matmul.scale, p.a.type, p.b.type, p.d.type})
    types = types << 8 | static_cast<std::uint64_t>(type);
  return types;
}

Algorithm algorithm_of(std::uint64_t number, const Problem& problem) {
  return {{kMark, number, types_of(problem), kWays[number].split_k}};
}

bool is_aligned_enough(const Problem& problem, const PreferenceObject& preference) {
  for (const std::uint32_t bytes : preference.alignment) {
    if (bytes < alignment_of(problem)) return false;
  }
  return true;
}

}  // namespace

std::optional<Way> way_of(const Algorithm& algorithm, const Problem& problem) {
  const std::uint64_t number = algorithm.data[1];
  if (algorithm.data[0] != kMark || number >= kCount || algorithm.data[2] != types_of(problem))
    return std::nullopt;
  return kWays[number];
}

extern "C" {

Status cublasLtMatmulAlgoGetHeuristic(Handle handle, MatmulDescriptor descriptor, MatrixLayout a,
                                      MatrixLayout b, MatrixLayout c, MatrixLayout d, Preference preference,
                                      int asked, HeuristicResult results[], int* returned) {
  if (handle == nullptr || descriptor == nullptr || a == nullptr || b == nullptr || c == nullptr ||
      d == nullptr || preference == nullptr || results == nullptr || returned == nullptr || asked < 1)
    return Status::invalid_value;
  *returned = 0;
  if (handle->device != host()->current_device()) return Status::invalid_value;
  const Problem problem{*descriptor, *a, *b, *c, *d};
  const Status verdict = judge(problem);
  if (verdict != Status::success) return verdict;
  if (!is_aligned_enough(problem, *preference)) return Status::not_supported;
  const std::uint64_t first = host()->free_memory() < kLittleMemory ? 1 : 0;
  for (std::uint64_t i = 0; i < kCount && *returned < asked; ++i) {
    const std::uint64_t number = (first + i) % kCount;
    const Way& way = kWays[number];
    if (way.workspace_bytes > preference->max_workspace_bytes) continue;
    if (way.split_k > 1 && preference->reduction_schemes == kNoReduction) continue;
    results[(*returned)++] = {algorithm_of(number, problem), way.workspace_bytes, Status::success, 1.0F, {}};
  }
  return *returned > 0 ? Status::success : Status::not_supported;
}

Status cublasLtMatmulAlgoCheck(Handle handle, MatmulDescriptor descriptor, MatrixLayout a, MatrixLayout b,
                               MatrixLayout c, MatrixLayout d, const Algorithm* algorithm,
                               HeuristicResult* result) {
  if (handle == nullptr || descriptor == nullptr || a == nullptr || b == nullptr || c == nullptr ||
      d == nullptr || algorithm == nullptr || result == nullptr)
    return Status::invalid_value;
  const Problem problem{*descriptor, *a, *b, *c, *d};
  const Status verdict = judge(problem);
  if (verdict != Status::success) return verdict;
  const auto way = way_of(*algorithm, problem);
  if (!way) return Status::not_supported;
  *result = {*algorithm, way->workspace_bytes, Status::success, 1.0F, {}};
  return Status::success;
}

Status cublasLtMatmulAlgoConfigGetAttribute(const Algorithm* algorithm, AlgorithmSetting setting, void* value,
                                            std::size_t bytes, std::size_t* written) {
  if (algorithm == nullptr || algorithm->data[0] != kMark || algorithm->data[1] >= kCount)
    return Status::invalid_value;
  const std::uint32_t split_k = kWays[algorithm->data[1]].split_k;
  std::uint32_t answer = 0;
  switch (setting) {
    case AlgorithmSetting::split_k:
      answer = split_k;
      break;
    case AlgorithmSetting::reduction_scheme:
      answer = split_k > 1 ? 2 : kNoReduction;
      break;
    default:
      return Status::invalid_value;
  }
  if (written != nullptr) *written = sizeof(answer);
  if (value == nullptr || bytes < sizeof(answer)) return bytes == 0 ? Status::success : Status::invalid_value;
  std::memcpy(value, &answer, sizeof(answer));
  return Status::success;
}

}  // extern "C"
}  // namespace assay::cublaslt
