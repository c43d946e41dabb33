// A European call by Monte Carlo in doubles (kernels/workloads/monte_carlo): 2^30 paths a repetition, of one
// time step each, 3 MiB of sums: what limits it are the lanes for doubles and the issue of
// instructions, nothing of the memory.
#include "kernels/workloads/monte_carlo/monte_carlo.h"
#include "suites/workload/repeating.h"

namespace assay {
namespace {

void run(Context& context) {
  const auto paths = workloads::make_monte_carlo(context.gpu());
  repeat_and_emit(context, *paths, Unit::giga_per_second);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double repetition_s = speed.seconds(workloads::work_of_paths()) +
                              speed.seconds(workloads::work_of_path_sums()) + speed.launch_s;
  const double held_bytes = double{sizeof(workloads::PathSums)} * workloads::kPathsOnCard.blocks;
  return seconds_of_workload(speed, held_bytes, repetition_s, duration_s);
}

const Registered workload_finance{{
    .name = "workload.finance",
    .summary = "A Monte Carlo simulation in doubles comes to the price of the closed form, its sums to what "
               "this machine's CPU finds, at the speed of the GPU's lanes for doubles",
    .scope = Scope::gpu,
    .measures = workload_measures(Unit::giga_per_second, "paths"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects =
        "multiprocessors that get doubles, random numbers or sums of whole numbers wrong, in any bit of "
        "a path, stably or now and then; GPUs that are slow at doubles",
    .misses = "where it was (compute.sm); the memory, which this job hardly uses",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::memory, Resource::cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
