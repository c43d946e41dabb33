// A recommender's inference in the manner of DLRM: batches of 65,536 samples, each of which looks up 214 rows
// of 512 bytes in 26 tables, with MLPerf's numbers of rows (104.5 GB) or, where the memory that is offered
// has no room for them, half, a quarter, ... of each; then products by pairs and two nets. Limited by reads
// of 512 bytes from all over the memory: 170 a sample, of the tables that no cache holds.
#include "kernels/workloads/recommender/recommender.h"

#include "harness/check.h"
#include "suites/workload/repeating.h"

namespace assay {
namespace {

void run(Context& context) {
  const auto recommender = workloads::make_recommender(context.gpu(), context.cublaslt(), workloads::kData);
  repeat_and_emit(context, *recommender, Unit::per_second);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const workloads::Model model = workloads::model_on_card(workloads::kData, speed.free_bytes());
  double repetition_s = 0;
  for (const Work& work : workloads::launches_of(workloads::work_of_recommender(model)))
    repetition_s += speed.seconds(work);
  const double fill_s = workloads::bytes_of_tables(model) / speed.rate(WorkKind::write);
  return fill_s + seconds_of_workload(speed, workloads::held_bytes_of(model), repetition_s, duration_s);
}

const Registered workload_recommender{{
    .name = "workload.recommender",
    .summary =
        "A recommender looks up rows of tables as large as the memory as fast as its peers, and scores "
        "samples rightly",
    .scope = Scope::gpu,
    .measures = workload_measures(Unit::per_second, "samples scored"),
    .findings = {"workload.slow", "workload.wrong_result"},
    .run = run,
    .detects = "rows that come wrong from anywhere in the memory that the tables take, products of NVIDIA's "
               "library that are not what whole numbers leave, always or now and then; memory that is slow "
               "where reads are scattered",
    .misses = "what the memory gets wrong where the tables do not reach (memory.sweep); full mantissas "
              "(compute.sm)",
    .device_evidence = "never run on a GPU",
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
