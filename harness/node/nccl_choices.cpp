#include "harness/node/nccl_choices.h"

#include <map>
#include <mutex>
#include <utility>

#include "harness/node/nccl_profiler_abi.h"

namespace assay {
namespace {

using nccl::Result;
using nccl::profiler::Descriptor;

/// By rank: ranks of one process are threads.
struct Choices {
  std::mutex mutex;
  std::map<int, std::vector<NcclChoice>> of;
};
/// NCCL calls with nothing but what we gave it.
Choices& choices() {
  static Choices all;
  return all;
}

Result init(void** context, std::uint64_t, int* mask, const char*, int, int, int, nccl::profiler::Log) {
  static int nothing = 0;
  *context = &nothing;
  *mask = static_cast<int>(nccl::profiler::kCollective);
  return Result::success;
}

std::string text(const char* of) {
  return of == nullptr ? "" : of;
}

Result start(void*, void** event, Descriptor* descriptor) {
  *event = nullptr;
  if (descriptor->type != nccl::profiler::kCollective) return Result::success;
  const Descriptor::Collective& call = descriptor->collective;
  const std::lock_guard guard(choices().mutex);
  choices().of[descriptor->rank].push_back(
      {text(call.function), text(call.algorithm), text(call.protocol), call.channels});
  return Result::success;
}

Result stop(void*) {
  return Result::success;
}
Result record(void*, int, void*) {
  return Result::success;
}
Result finalize(void*) {
  return Result::success;
}

}  // namespace

std::vector<NcclChoice> take_nccl_choices(int rank) {
  const std::lock_guard guard(choices().mutex);
  return std::exchange(choices().of[rank], {});
}

}  // namespace assay

#pragma GCC visibility push(default)
/// NCCL looks for it by this name in the program (cmake exports it).
extern "C" const assay::nccl::profiler::Plugin ncclProfiler_v5;
const assay::nccl::profiler::Plugin ncclProfiler_v5{.name = "assay",
                                                    .init = assay::init,
                                                    .start = assay::start,
                                                    .stop = assay::stop,
                                                    .record = assay::record,
                                                    .finalize = assay::finalize};
#pragma GCC visibility pop
