#include "harness/cli/conclude.h"

#include <unistd.h>

#include <filesystem>

#include <CLI/CLI.hpp>

#include "harness/base/files.h"
#include "harness/base/machine_refused.h"
#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/load.h"
#include "harness/node_sim/simulated_backend.h"
#include "harness/run/sha256sums.h"
#include "harness/verdict/judge.h"
#include "reports/report.h"

namespace assay::cli {

run::Progress::Style OutputOptions::progress_style() const {
  return quiet ? run::Progress::Style::quiet : run::Progress::automatic();
}

void add_output_options(CLI::App& verb, OutputOptions& options) {
  auto* quiet = verb.add_flag("--quiet", options.quiet, "No progress; the summary alone");
  verb.add_flag("--json", options.json, "The judgement as JSON instead of the summary")->excludes(quiet);
  add_language_option(verb, options.language);
}

void add_language_option(CLI::App& verb, std::string& language) {
  verb.add_option("--lang", language,
                  "en or zh-CN; of a run, if not given, the one that it was started with, or en")
      ->check(CLI::IsMember({"en", "zh-CN"}));
}

const std::string& language_of(const std::string& asked_for, const RunRecord& run) {
  return asked_for.empty() ? run.language : asked_for;
}

namespace {

/// The run's own files, a moment after it ended: whoever made them unreadable meanwhile was not its user's
/// command line.
StoredRun load_finished(const run::RunFolder& folder) {
  try {
    return load_unconcluded_run(folder.path());
  } catch (const UsageError& error) {
    throw MachineRefused(std::string("the run has ended, and its files cannot be read: ") + error.what());
  }
}

void write_reports(const run::RunFolder& folder, const reports::Input& input) {
  write_file(folder.report_html(), reports::html(input));
  std::error_code ignored;
  std::filesystem::remove(folder.path() + "/" + sim::kStateFile, ignored);
  write_file(folder.checksums(), run::checksums_of_folder(folder.path()));
}

}  // namespace

int conclude(const run::RunFolder& folder, const OutputOptions& output) {
  const StoredRun stored = load_finished(folder);
  const Judgement judgement = verdict::judge(stored.run, stored.criteria);
  const reports::Input input{stored.run, judgement, stored.criteria, language_of(output.language, stored.run),
                             folder.path()};
  if (output.json) {
    terminal::out_json(to_json(judgement));
  } else {
    terminal::out_page(reports::text(input, {isatty(STDOUT_FILENO) != 0}));
  }
  try {
    write_reports(folder, input);
  } catch (const std::runtime_error& error) {  // the verdict stands in the records, which are complete
    terminal::err(
        "assay: the report and the checksums could not be written: {}\nassay: mend that, then assay resume "
        "{}\n",
        error.what(), folder.path());
  }
  return exit_code(judgement.verdict);
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::accept:
      return Exit::accept;
    case Verdict::reject:
      return Exit::reject;
    case Verdict::inconclusive:
      break;
  }
  return Exit::inconclusive;
}

std::string command_line_of_this_process() {
  std::string line = read_file("/proc/self/cmdline");
  while (!line.empty() && line.back() == '\0') line.pop_back();
  for (char& c : line) {
    if (c == '\0') c = ' ';
  }
  return line;
}

}  // namespace assay::cli
