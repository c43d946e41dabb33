// Frames of six cameras, as a car's computer has them (kernels/workloads/perception): layers of 3 x 3 filters
// of eight bits, 64 channels of 56 x 56 pixels up to 512 of 7 x 7, and pooling into 128 x 128 cells; 110
// frames a repetition. What limits the layers are the tensor cores, pooling and what is looked through the
// memory: one after the other, in about equal parts.
#include "kernels/workloads/perception/perception.h"

#include "suites/workload/repeating.h"

namespace assay {
namespace {

void run(Context& context) {
  const auto frames = workloads::make_perception(context.gpu());
  repeat_and_emit(context, *frames, Unit::per_second);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const workloads::PerceptionSize size = workloads::perception_on_card();
  double repetition_s = speed.seconds(workloads::work_of_pooling(size.bins)) +
                        speed.seconds(workloads::work_of_look(size.bins.pooled_words()));
  for (const workloads::Layer& layer : size.layers) {
    repetition_s += speed.seconds(workloads::work_of_layer(layer)) +
                    speed.seconds(workloads::work_of_look(layer.output_words()));
  }
  return seconds_of_workload(speed, workloads::bytes_of(size), repetition_s, duration_s);
}

const Registered workload_perception{{
    .name = "workload.perception",
    .summary =
        "Convolutions of whole numbers on the tensor cores, and pooling into cells of the ground, come "
        "to what other instructions come to, at the speed of an H200",
    .scope = Scope::gpu,
    .measures = workload_measures(Unit::per_second, "frames of six cameras"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects = "tensor cores, cores and bulk copies that get whole numbers wrong, stably or now and then; "
               "GPUs that are slow at convolutions or at gathering",
    .misses = "where it was (compute.gemm_exact, compute.sm); of results as they are stored, between sampled "
              "positions, what all GPUs of the node get wrong alike",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::memory, Resource::tensor_cores, Resource::cores, Resource::l2},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
