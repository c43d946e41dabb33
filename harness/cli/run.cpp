#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "harness/base/files.h"
#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/open_runs.h"
#include "harness/cli/prepare.h"
#include "harness/cli/resume.h"
#include "harness/config/quantity.h"
#include "harness/run/supervisor.h"

namespace assay::cli {
namespace {

std::string utc_stamp() {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
}

double time_scale_from(const std::string& text) {
  constexpr double kSlowest = 1e-3, kFastest = 1e6;
  const auto scale = config::parse_number(text);
  if (scale && *scale >= kSlowest && *scale <= kFastest) return *scale;
  throw UsageError(fmt::format("--time-scale {}: give a number from {} to {:.0f}", text, kSlowest, kFastest));
}

/// "acceptance"; "own-acceptance" of somebody's own /tmp/acceptance.toml, which may be named anyhow.
std::string label(const std::string& name_or_path) {
  constexpr std::size_t kLongest = 40;
  const std::string stem = std::filesystem::path(name_or_path).stem().string();
  std::string text = (stem == name_or_path ? "" : "own-") + stem.substr(0, kLongest);
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '_';
  }
  return text;
}

/// Simulated runs say so in their folder's name.
std::string folder_name(const Plan& plan) {
  return fmt::format("{}{}-{}-{}", plan.simulated ? run::kSimulatedNamePrefix : "", utc_stamp(),
                     label(plan.sku), label(plan.profile));
}

int run_action(const RunOptions& options, bool goes_on, const OutputOptions& output) {
  const auto on_terminate = goes_on ? run::OnTerminate::leave_it_open : run::OnTerminate::end_the_run;
  std::optional<Prepared> fresh = prepare(options, output.language);
  if (const auto left = goes_on ? left_open(options.out, fresh->plan, fresh->criteria) : std::nullopt) {
    fresh.reset();  // its sampler, too
    terminal::err("assay: going on with {}\n", *left);
    return resume_run(*left, options.workers, output, on_terminate);
  }
  Prepared& prepared = *fresh;
  write_json(prepared.folder.plan(), prepared.plan);
  write_json(prepared.folder.criteria(), prepared.criteria);
  prepared.folder.publish(folder_name(prepared.plan));
  prepared.node->moved_to(prepared.folder.path());
  telemetry::Ledger ledger;
  ledger.add(prepared.snapshot);
  run::Interrupt interrupt(on_terminate);
  run::execute({prepared.plan, prepared.criteria, prepared.folder, *prepared.node, prepared.sampler,
                prepared.snapshot.readings, std::move(ledger), interrupt, command_line_of_this_process(),
                output.progress_style(), output.language.empty() ? "en" : output.language,
                options.workers == kWorkerThreads});
  return conclude(prepared.folder, output);
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto output = std::make_shared<OutputOptions>();
  CLI::App* verb = app.add_subcommand("run", "Test the node, judge it, write its report");
  add_run_options(*verb, *options);
  verb->add_option("--out", options->out, "Where run folders are made")->capture_default_str();
  verb->add_option_function<std::string>(
          "--time-scale", [options](const std::string& text) { options->time_scale = time_scale_from(text); },
          "Simulated nodes: simulated seconds per second, to watch it at a human pace")
      ->type_name("FLOAT");
  auto goes_on = std::make_shared<bool>(false);
  verb->add_flag(
      "--go-on", *goes_on,
      "SIGTERM leaves the run open; started again, it goes on with the one that was left so: for nights "
      "that somebody else may need");
  add_workers_option(*verb, options->workers);
  add_output_options(*verb, *output);
  verb->callback([&action, options, goes_on, output] {
    action = [options, goes_on, output] { return run_action(*options, *goes_on, *output); };
  });
}

}  // namespace assay::cli
