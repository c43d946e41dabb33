#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/prepare.h"
#include "harness/model/shared_gpus.h"

namespace assay::cli {
namespace {

/// "gpu0 gpu1 gpu2", "node (8 ranks)"; what is special about it behind.
std::string what_runs(const Stage& stage) {
  std::vector<std::string> parts;
  std::string remark;
  for (const Placement& placement : stage.placements) {
    const std::size_t ranks = placement.participants.size();
    parts.push_back(ranks > 1 ? fmt::format("{} ({} ranks)", placement.part, ranks) : placement.part.path());
    if (placement.last_stage > stage.index)
      remark = fmt::format("; ends behind {}", placement.last_stage + 1);
    if (placement.condition)
      remark = fmt::format("; only after {}", fmt::join(placement.condition->findings, ", "));
  }
  return fmt::format("{}{}", fmt::join(parts, " "), remark);
}

int plan_action(RunOptions options, bool json) {
  options.out = std::filesystem::temp_directory_path().string();  // nothing is kept
  const Prepared prepared = prepare(options);
  const Plan& plan = prepared.plan;
  if (json) {
    terminal::out_json(plan);
    return Exit::accept;
  }
  terminal::out("{}SKU {}, profile {}, node {}, seed {}\n", plan.simulated ? "SIMULATED. " : "", plan.sku,
                plan.profile, plan.node, plan.seed);
  for (const PlannedSlot& slot : plan.slots) {
    terminal::out("  {:<6} {}\n", slot.part,
                  slot.pci_address.empty()
                      ? "nothing found"
                      : fmt::format("{}  serial {}  {}", slot.pci_address, slot.serial, slot.name));
  }
  double total = 0;
  for (const Stage& stage : plan.stages) {
    terminal::out("{:>3}. {:<24} {:>7.0f} s  {}\n", stage.index + 1, title_of(stage), stage.estimate_s,
                  what_runs(stage));
    total += stage.estimate_s;
  }
  terminal::out("about {:.0f} s in all{}\n", total, plan.simulated ? ", of simulated time" : "");
  if (const int ranks = ranks_of_a_gpu(plan); ranks > 1)
    terminal::out("functional only: {} NCCL ranks share one GPU; their speed means nothing\n", ranks);
  for (const std::string& what : prepared.not_run) terminal::out("not run: {}\n", what);
  for (const std::string& why : plan.partial)
    terminal::out("{}: the run will be INCONCLUSIVE at best\n", why);
  for (const std::string& configuration : prepared.criteria.not_as_shipped)
    terminal::out("not shipped with Assay: {}\n", configuration);
  return Exit::accept;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("plan", "What would run, in what order, how long");
  add_run_options(*verb, *options);
  verb->add_flag("--json", *json, "The plan as JSON");
  verb->callback(
      [&action, options, json] { action = [options, json] { return plan_action(*options, *json); }; });
}

}  // namespace assay::cli
