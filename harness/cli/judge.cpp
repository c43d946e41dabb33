#include "harness/verdict/judge.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "reports/report.h"

namespace assay::cli {
namespace {

int judge_action(const std::string& path, const std::string& limits, bool json, const std::string& language) {
  StoredRun stored = load_run(path);
  if (!limits.empty()) {
    // Other limits may lead to another verdict, but not away from what the run's own say of its records.
    stored.run.doubts = verdict::judge(stored.run, stored.criteria).doubts;
    replace_limits(stored.criteria, limits, load_sku(stored.criteria.sku));
  }
  const Judgement judgement = verdict::judge(stored.run, stored.criteria);
  if (json) {
    terminal::out_json(to_json(judgement));
  } else {
    terminal::out_page(reports::text(
        {stored.run, judgement, stored.criteria, language_of(language, stored.run), stored.folder.path()}));
  }
  return exit_code(judgement.verdict);
}

}  // namespace

void add_judge(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  auto limits = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand(
      "judge", "Judge a run's records again, without hardware; writes nothing into the run");
  verb->add_option("RUN", *path, "The run's folder")->required();
  verb->add_option("--limits", *limits, "A file of limits that replace the run's");
  verb->add_flag("--json", *json, "The judgement as JSON");
  auto language = std::make_shared<std::string>();
  add_language_option(*verb, *language);
  verb->callback([&action, path, limits, json, language] {
    action = [path, limits, json, language] { return judge_action(*path, *limits, *json, *language); };
  });
}

}  // namespace assay::cli
