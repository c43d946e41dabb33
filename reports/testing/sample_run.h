// Runs built by hand, for the tests of reports: what a report must show well.
#pragma once

#include <string>

#include "reports/report.h"

namespace assay::reports::samples {

struct SampleRun {
  RunRecord run;
  Judgement judgement;
  Criteria criteria;
  std::string run_folder = "runs/2026-01-15T083000Z-sim-node-01";

  Input input(const std::string& language) const { return {run, judgement, criteria, language, run_folder}; }
};

/// Eight simulated GPUs, all checks passed; one value is marginal and one finding is waived.
SampleRun healthy_run();
/// gpu3 returned wrong words; its bandwidth is a consequence. Strings that no report may take for markup.
SampleRun miscompare_run();
/// The worker of gpu5 died twice; only some checks were asked for.
SampleRun crashed_worker_run();
/// Nothing answers from slot 6; the run was cut short.
SampleRun missing_gpu_run();
/// Every text that comes from records, firmware or files holds what must not reach a terminal or a page raw.
SampleRun hostile_run();

/// One finding on every GPU alike: "wrong words on slot 0" to 7.
SampleRun alike_on_all_gpus();

}  // namespace assay::reports::samples
