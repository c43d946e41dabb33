#include "reports/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "harness/config/nearest.h"
#include "harness/model/time.h"
#include "harness/telemetry/series_file.h"
#include "harness/telemetry/series_reader.h"
#include "harness/verdict/judge.h"

namespace assay::cli {
namespace {

int report_action(const std::string& path, const std::string& format, const std::string& language) {
  const StoredRun stored = load_run(path);
  const Judgement judgement = verdict::judge(stored.run, stored.criteria);
  const reports::Input input{stored.run, judgement, stored.criteria, language_of(language, stored.run),
                             stored.folder.path()};
  terminal::out_page(format == "html" ? reports::html(input)
                                      : reports::text(input, {isatty(STDOUT_FILENO) != 0}));
  return Exit::accept;
}

const Step& step_named(const StoredRun& stored, const std::string& id) {
  std::vector<std::string> ids;
  for (const Step& step : stored.run.steps) {
    if (step.id == id) return step;
    ids.push_back(step.id);
  }
  throw UsageError(
      fmt::format("{}: there is no step '{}'{}", stored.folder.path(), id, config::suggestion(id, ids)));
}

/// A step of one GPU shows that GPU; a step of the node, or of a pair, shows every GPU of the run.
int series_action(const std::string& path, const std::string& id) {
  const StoredRun stored = load_run(path);
  const Step& step = step_named(stored, id);
  const auto unit = step.part.unit();
  terminal::out("{}", telemetry::SeriesFile::header());
  try {
    telemetry::for_each_line(stored.folder.telemetry(), [&](const telemetry::SeriesLine& line) {
      const std::string time = rfc3339(line.time);
      if (time < step.started || (!step.ended.empty() && time > step.ended)) return;
      if (!unit.gpu_slot() || line.part == unit) terminal::out("{}\n", line.text);
    });
  } catch (const std::runtime_error& error) {
    throw UsageError(error.what());
  }
  return Exit::accept;
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  auto language = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("report", "A run's report, on standard output");
  verb->add_option("RUN", *path, "The run's folder")->required();
  verb->add_option("--format", *format, "text or html")
      ->check(CLI::IsMember({"text", "html"}))
      ->capture_default_str();
  add_language_option(*verb, *language);
  auto series = std::make_shared<std::string>();
  verb->add_option("--series", *series,
                   "In place of the report: the sensors' readings over this step, as CSV")
      ->type_name("STEP");
  verb->callback([&action, path, format, language, series] {
    action = [path, format, language, series] {
      return series->empty() ? report_action(*path, *format, *language) : series_action(*path, *series);
    };
  });
}

}  // namespace assay::cli
