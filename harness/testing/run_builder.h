// Runs and criteria for tests: a healthy node of eight GPUs, of which a test changes the one thing that it is
// about.
#pragma once

#include <string>

#include "harness/model/criteria.h"
#include "harness/model/run.h"
#include "harness/record/journal.h"

namespace assay::builders {

inline constexpr int kGpus = 8;

/// A check of every scope, a limit of every kind, and a catalogue with every class of finding:
/// - inventory.gpus (node): present (1), vbios (text, equal on all), name (text, not judged), of every GPU
/// - memory.sweep (gpu): bad_words (1) of gpuN/hbm
/// - memory.bandwidth (gpu): copy_bandwidth (GB/s) of gpuN/hbm: min 3900, marginal below 4000, peers at 0.97
/// - collective.allreduce (ranks): bus_bandwidth (GB/s) of the node
/// - telemetry: ecc_uncorrected_dram_delta (1) and remap_pending (1) of gpuN/hbm, inlet (degC)
Criteria sample_criteria(int gpus = kGpus);

/// A simulated, closed run of them, with its last look (check telemetry), that ends in ACCEPT. Step ids are
/// those of step_id().
RunRecord healthy_run(const Criteria& criteria, int gpus = kGpus);

/// Throw std::out_of_range for what is not there.
Step& step_of(RunRecord& run, const std::string& check, const Part& part, int attempt = 1);
Measurement& measurement_of(Step& step, const std::string& name, const Part& part);
FindingKind& kind_of(Criteria& criteria, const FindingCode& code);
Limit& limit_of(Criteria& criteria, const std::string& measurement, LimitKind kind);
RequiredCheck& required_of(Criteria& criteria, const std::string& check);

/// Sets copy_bandwidth of one GPU, in GB/s.
void set_bandwidth(RunRecord& run, int gpu, double value, int attempt = 1);

/// Another attempt of a step, a copy of its first.
Step& repeat(RunRecord& run, const std::string& check, const Part& part, int attempt);

/// The step ended in this error; its measurements stay.
Step& fail_step(RunRecord& run, const std::string& check, const Part& part, Error error, int attempt = 1);

void remove_step(RunRecord& run, const std::string& check, const Part& part);

/// Writes the whole run as the supervisor would have.
void write(record::Journal& journal, const RunRecord& run, const Criteria& criteria);

}  // namespace assay::builders
