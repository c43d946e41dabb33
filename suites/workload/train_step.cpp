// Training in small: eight steps of a decoder of 67 million weights (four layers of width 1,024 with eight
// heads, a hidden layer of 4,096, a vocabulary of 8,192 words) on a batch of 32 sequences of 256 tokens:
// forward, backward, AdamW. From the same weights on the same tokens the losses, and all tensors, are to come
// out the same bits, step for step, every time and on every GPU: what is hunted for corruption that nothing
// else shows.
//
// Limiter: the tensor cores, by way of the second-level cache: a tile of 256 x 128 has 85 operations for each
// byte that it reads there, which at 6.6 TB/s is 560 of the tensor cores' 827 TFLOP/s. A step is 3.0 TFLOP in
// 5.6 ms, and 7.5 GB of weights, moments, gradients, logits and matrices of attention that go by in 1.8 ms.
#include "kernels/workloads/train_step/train_step.h"

#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/values.h"
#include "suites/workload/repeating.h"

namespace assay {
namespace {

using workloads::train_step::Step;
using workloads::train_step::Training;

/// Of the first repetition: losses by step, and the first step's hashes. Where a GPU always differs from the
/// others, two of these say in which tensor first.
void emit_steps(Context& context, const Training& training) {
  const std::vector<Step> steps = training.first();
  if (steps.empty()) return;
  const std::vector<std::string> names = training.names();
  nlohmann::json losses = nlohmann::json::array(), hashes = nlohmann::json::array();
  for (const Step& step : steps) losses.push_back(step.loss);
  for (std::size_t i = 0; i < names.size(); ++i)
    hashes.push_back({{"of", names[i]}, {"hash", hexadecimal(steps.front().hashes[i])}});
  context.evidence("steps", {{"losses", losses}, {"first", hashes}});
}

void run(Context& context) {
  namespace train_step = workloads::train_step;
  const auto training = train_step::make_training(context.gpu(), workloads::kData);
  try {
    repeat_and_emit(context, *training, Unit::per_second);
  } catch (const DeviceError&) {
    emit_steps(context, *training);
    throw;
  }
  emit_steps(context, *training);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr double kHeldBytes = 3.2e9;
  return seconds_of_workload(
      speed, kHeldBytes, workloads::train_step::seconds_of_repetition(speed, workloads::train_step::kOnCard),
      duration_s);
}

const Registered workload_train_step{{
    .name = "workload.train_step",
    .summary = "Training steps of a transformer come to the same losses and tensors, bit for bit, every time "
               "and on every GPU",
    .scope = Scope::gpu,
    .measures = workload_measures(Unit::per_second, "tokens trained"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects =
        "results of products, norms, softmax, losses and weights that differ from one time to the next or "
        "from the other GPUs', with the step and the tensor where they first do; products of whole numbers, "
        "sums of probabilities and of gradients that are wrong; losses that do not start where they must, or "
        "do not fall; GPUs that train more slowly than their peers",
    .misses =
        "what all GPUs of the node get wrong alike, but for products of whole numbers; which "
        "multiprocessor it was (compute.sm); exchange of gradients between GPUs (collective.correctness)",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores, Resource::l2},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
