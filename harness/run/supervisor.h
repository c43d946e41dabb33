// Runs a plan to its end: stages, repeats, judgement, reports. It holds no CUDA context and makes no
// management-library call: whatever can hang lives in a child with a deadline.
#pragma once

#include <string>

#include "harness/model/criteria.h"
#include "harness/model/judgement.h"
#include "harness/node/backend.h"
#include "harness/run/interrupt.h"
#include "harness/run/progress.h"
#include "harness/run/run_folder.h"
#include "harness/run/sampler_client.h"
#include "harness/telemetry/ledger.h"

namespace assay::run {

struct Execution {
  const Plan& plan;
  const Criteria& criteria;
  const RunFolder& folder;
  NodeSession& node;
  SamplerClient& sampler;
  const NodeReadings& readings;  // as the run found the node
  telemetry::Ledger ledger;      // where the counters' deltas start from
  Interrupt& interrupt;          // the caller's, who also has the reports to write undisturbed
  std::string command_line;
  Progress::Style progress = Progress::Style::plain;
  std::string language = "en";  // of progress; kept in the records for whoever reads them
  bool thread_workers = false;
};

/// A new run: writes the records from their first line. The judgement has been written when this returns.
Judgement execute(Execution execution);

/// Goes on with a run that was killed: ends its open steps, runs what is missing.
/// Throws record::RecordsError when the records cannot be trusted, std::runtime_error when the run is closed
/// already.
Judgement resume(Execution execution);

}  // namespace assay::run
