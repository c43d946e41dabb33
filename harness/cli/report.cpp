#include "reports/report.h"

#include <unistd.h>

#include <memory>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/load.h"
#include "harness/verdict/judge.h"

namespace assay::cli {
namespace {

int report_action(const std::string& path, const std::string& format, const std::string& language) {
  const StoredRun stored = load_run(path);
  const Judgement judgement = verdict::judge(stored.run, stored.criteria);
  const reports::Input input{stored.run, judgement, stored.criteria, language, stored.folder.path()};
  terminal::out_page(format == "html" ? reports::html(input)
                                      : reports::text(input, {isatty(STDOUT_FILENO) != 0}));
  return Exit::accept;
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  auto language = std::make_shared<std::string>("en");
  CLI::App* verb = app.add_subcommand("report", "A run's report, on standard output");
  verb->add_option("RUN", *path, "The run's folder")->required();
  verb->add_option("--format", *format, "text or html")
      ->check(CLI::IsMember({"text", "html"}))
      ->capture_default_str();
  verb->add_option("--lang", *language, "en or zh-CN")
      ->check(CLI::IsMember({"en", "zh-CN"}))
      ->capture_default_str();
  verb->callback([&action, path, format, language] {
    action = [path, format, language] { return report_action(*path, *format, *language); };
  });
}

}  // namespace assay::cli
