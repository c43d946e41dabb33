// Decoding, as an inference server does it: one layer of the shape of Llama 3 70B (hidden 8192, 64 query
// heads, 8 of keys and values, 28672 of the feed-forward network) for the next token of each of 16 sequences,
// with up to 8,192 tokens in the cache, in bf16. All of it in our own kernels: products that read 1.71 GB of
// weights once, and attention over 0.53 GB of keys and values: the memory decides how fast.
#include "kernels/workloads/decode/decode.h"

#include "kernels/workloads/transformer/layer_work.h"
#include "suites/workload/repeating.h"

namespace assay {
namespace {

void run(Context& context) {
  const auto decode = workloads::transformer::make_decode(context.gpu(), workloads::kData);
  repeat_and_emit(context, *decode, Unit::per_second);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  return seconds_of_workload(speed, workloads::transformer::held_bytes(workloads::transformer::kDecodeOnCard),
                             workloads::transformer::seconds_of_decode(speed), duration_s);
}

const Registered workload_decode{{
    .name = "workload.decode",
    .summary =
        "A layer of a 70B-class language model makes the next tokens as fast as an H200's memory allows, "
        "and comes to the same every time and on every GPU",
    .scope = Scope::gpu,
    .measures = workload_measures(Unit::per_second, "tokens of 16 sequences through one layer"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects = "GPUs on which inference of tokens is slow, or comes to other bits now and then or always; "
               "attention that gets a mean or a constant wrong, caches that do not hold what was put there",
    .misses = "what all GPUs get wrong alike, but for attention of equal scores and constant values and for "
              "what is placed in the cache",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::memory, Resource::tensor_cores, Resource::cores, Resource::l2},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
