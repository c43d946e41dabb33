#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/prepare.h"
#include "harness/model/shared_gpus.h"
#include "harness/registry.h"
#include "reports/text/width.h"

namespace assay::cli {
namespace {

constexpr std::size_t kWidth = 120, kIndent = 7;

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

/// What the stage finds that no stage before it does: the checks' own words, once each.
class Additions {
 public:
  std::string of(const Stage& stage) {
    std::vector<std::string> added;
    for (const Body& body : stage.placements.front().bodies) {
      const Check* const check = find_check(body.check);
      const bool first = seen_.insert(body.check).second;
      const bool new_variant = seen_.insert(body.check + "." + body.variant).second;
      if (check == nullptr || check->detects.empty() || (!first && check->loads.empty())) continue;
      if (first) {
        added.push_back(check->detects);
      } else if (new_variant && !body.variant.empty()) {
        added.push_back("the same in " + body.variant);
      } else {
        added.push_back(fmt::format("{} once more, on GPUs in another state of heat", body.check));
      }
    }
    return fmt::format("{}", fmt::join(added, "; "));
  }

 private:
  std::set<std::string> seen_;
};

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
  constexpr double kJoulesPerKilojoule = 1000, kJoulesPerKilowattHour = 3.6e6;
  double total_s = 0, total_j = 0;
  Additions additions;
  for (const Stage& stage : plan.stages) {
    terminal::out("{:>3}. {:<24} {:>7.0f} s {:>7.0f} kJ  {}\n", stage.index + 1, title_of(stage),
                  stage.estimate_s, stage.energy_j / kJoulesPerKilojoule, what_runs(stage));
    for (const std::string& line : reports::wrap(additions.of(stage), kWidth - kIndent))
      terminal::out("{:{}}{}\n", "", kIndent, line);
    total_s += stage.estimate_s;
    total_j += stage.energy_j;
  }
  terminal::out("about {:.0f} s in all{}, and {:.2f} kWh of the node's GPUs\n", total_s,
                plan.simulated ? ", of simulated time" : "", total_j / kJoulesPerKilowattHour);
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
  CLI::App* verb = app.add_subcommand(
      "plan", "What would run, in what order, how long, at what energy, and what each step adds");
  add_run_options(*verb, *options);
  verb->add_flag("--json", *json, "The plan as JSON");
  verb->callback(
      [&action, options, json] { action = [options, json] { return plan_action(*options, *json); }; });
}

}  // namespace assay::cli
