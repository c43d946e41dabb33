// Prefill, as an inference server does it for long prompts, piece by piece: one layer of the shape of Llama 3
// 70B (hidden 8192, 64 query heads, 8 of keys and values, 28672 of the feed-forward network) for 4,096 tokens
// behind 4,096 that the cache holds, in bf16. 7.0 TFLOP of products by NVIDIA's library, 0.93 of attention by
// our own kernel: the tensor cores, and the power limit, decide how fast.
//
// Products are computed by the algorithms that the first rank's library proposes: others may add up in
// another order.
#include "kernels/workloads/prefill/prefill.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "kernels/workloads/transformer/layer_work.h"
#include "suites/workload/repeating.h"

namespace assay {
namespace {

using workloads::transformer::PrefillAlgorithms;

/// The first rank's, with the version that they are good for.
PrefillAlgorithms agree(Context& context, const PrefillAlgorithms& proposal, const std::string& version) {
  const std::string mine(reinterpret_cast<const char*>(proposal.data()), sizeof(proposal));
  const std::string all = context.ranks().exchange(version + " " + mine).front();
  const std::size_t space = all.find(' ');
  if (all.substr(0, space) != version)
    throw std::runtime_error("cuBLASLt is " + version + " here and " + all.substr(0, space) + " elsewhere");
  PrefillAlgorithms agreed;
  std::memcpy(agreed.data(), all.data() + space + 1, sizeof(agreed));
  return agreed;
}

void run(Context& context) {
  const CublasLt& library = context.cublaslt();
  const auto prefill = workloads::transformer::make_prefill(context.gpu(), library, workloads::kData);
  prefill->use(agree(context, prefill->propose(), library.version()));
  repeat_and_emit(context, *prefill, Unit::per_second);
  context.evidence("library", {{"file", library.file()}, {"version", library.version()}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  return seconds_of_workload(speed,
                             workloads::transformer::held_bytes(workloads::transformer::kPrefillOnCard),
                             workloads::transformer::seconds_of_prefill(speed), duration_s);
}

const Registered workload_prefill{{
    .name = "workload.prefill",
    .summary = "A layer of a 70B-class language model takes a piece of a prompt as fast as an H200 does, and "
               "comes to the same every time and on every GPU",
    .scope = Scope::ranks,
    .measures = workload_measures(Unit::per_second, "tokens of the prompt through one layer"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects = "GPUs on which inference of prompts is slow, or comes to other bits now and then or always; "
               "attention that gets a mean or a constant wrong, caches that do not hold what was put there",
    .misses = "what all GPUs get wrong alike, but for attention of equal scores and constant values and for "
              "what is placed in the cache",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .loads = {Resource::tensor_cores, Resource::memory, Resource::cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
