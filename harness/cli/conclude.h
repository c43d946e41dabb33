// The end of a run, new or resumed: its reports, its checksums, the summary for whoever waits, the exit code.
#pragma once

#include <string>

#include "harness/model/judgement.h"
#include "harness/model/run.h"
#include "harness/run/progress.h"
#include "harness/run/run_folder.h"

namespace CLI {
class App;
}

namespace assay::cli {

struct OutputOptions {
  bool quiet = false, json = false;
  std::string language;  // of progress, summary and report; empty: the run's own
  run::Progress::Style progress_style() const;
};

void add_output_options(CLI::App& verb, OutputOptions& options);

/// --lang, of every verb that speaks to people. Left empty where it is not given.
void add_language_option(CLI::App& verb, std::string& language);

/// What was asked for, or else what the run speaks.
const std::string& language_of(const std::string& asked_for, const RunRecord& run);

/// Judges the records as they lie on the disk, writes report.html and SHA256SUMS, prints the summary. The
/// exit code.
int conclude(const run::RunFolder& folder, const OutputOptions& output);

int exit_code(Verdict verdict);

/// As it was typed, for the records.
std::string command_line_of_this_process();

}  // namespace assay::cli
