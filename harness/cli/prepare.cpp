#include "harness/cli/prepare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <random>
#include <stdexcept>

#include <CLI/CLI.hpp>

#include "harness/base/machine_refused.h"
#include "harness/cli/cli.h"
#include "harness/cli/load.h"
#include "harness/cli/prerequisites.h"
#include "harness/config/manifest.h"
#include "harness/config/paths.h"
#include "harness/config/shipped_files.h"
#include "harness/config/sim_fields.h"
#include "harness/node_real/real_backend.h"
#include "harness/node_sim/simulated_backend.h"
#include "harness/plan/criteria_builder.h"
#include "harness/plan/planner.h"
#include "harness/plan/variants.h"

namespace assay::cli {
namespace {

constexpr std::string_view kSimPrefix = "sim:";

bool is_simulated(const std::string& node) {
  return node.compare(0, kSimPrefix.size(), kSimPrefix) == 0;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::string item;
  for (const char c : list + ",") {
    if (c != ',') {
      item += c;
    } else if (!item.empty()) {
      items.push_back(std::exchange(item, ""));
    }
  }
  return items;
}

/// The items of an option that was given: at least one, and none of them empty.
std::vector<std::string> items_of(const std::string& option, const std::optional<std::string>& list) {
  if (!list) return {};
  std::vector<std::string> items = split(*list);
  const auto commas = static_cast<std::size_t>(std::count(list->begin(), list->end(), ','));
  if (items.size() != commas + 1)
    throw UsageError(fmt::format("{} {}: an empty item in the list", option, *list));
  return items;
}

std::vector<int> slot_numbers(const std::vector<std::string>& items) {
  std::vector<int> numbers;
  for (const std::string& item : items) {
    const auto slot = Part("gpu" + item).gpu_slot();
    if (!slot)
      throw UsageError(fmt::format("--gpus: '{}' is no slot number; give for example --gpus 0,1,5", item));
    numbers.push_back(*slot);
  }
  return numbers;
}

std::uint64_t fresh_seed() {
  std::random_device device;
  return device();  // 32 bits: short enough to be typed again
}

/// In decimal, or in hexadecimal as plan.json has it.
std::uint64_t seed_from(const std::string& text) {
  const bool hexadecimal = text.rfind("0x", 0) == 0;
  const char* const begin = text.data() + (hexadecimal ? 2 : 0);
  const char* const end = text.data() + text.size();
  std::uint64_t seed = 0;
  const auto [stop, error] = std::from_chars(begin, end, seed, hexadecimal ? 16 : 10);
  if (error == std::errc() && stop == end) return seed;
  throw UsageError(fmt::format("--seed {}: give a whole number from 0 to {}", text,
                               std::numeric_limits<std::uint64_t>::max()));
}

struct Configuration {
  config::Site site;
  std::optional<config::SimNode> sim_node;
  config::Sku sku;
  config::Profile profile;
  std::vector<config::Fault> faults;
  std::vector<FindingKind> findings;
  EventCatalogue events;
  std::vector<std::string> event_files;     // by SHA-256
  std::vector<std::string> not_as_shipped;  // as in the criteria
};

/// Whoever reads "acceptance" must be able to rely on the shipped one: what is not goes by its file's path.
void name_by_content(const std::string& what, const std::string& kind, const std::string& path,
                     const std::vector<config::SourceFile>& files, std::string& name,
                     std::vector<std::string>& not_as_shipped) {
  const std::vector<std::string> others = config::not_as_shipped(kind, files);
  if (!others.empty()) name = path;
  for (const std::string& other : others) not_as_shipped.push_back(what + " " + other);
}

std::string sku_name(const RunOptions& options, const Configuration& loaded) {
  if (!options.sku.empty()) return options.sku;
  if (loaded.sim_node) return loaded.sim_node->sku;
  if (!loaded.site.sku.empty()) return loaded.site.sku;
  throw UsageError(fmt::format(
      "which SKU should this node be? Give --sku ({}) or a --site that names one: it is never guessed "
      "from what is found",
      fmt::join(config::names("skus"), ", ")));
}

Configuration load(const RunOptions& options) {
  Configuration loaded;
  if (options.node != "local" && !is_simulated(options.node)) {
    throw UsageError(fmt::format("--node {}: give local, or sim:FILE with a node of configs/sim ({})",
                                 options.node, fmt::join(config::names("sim"), ", ")));
  }
  if (!options.site.empty()) {
    loaded.site = load_or_complain(
        [&](auto& d) { return config::load_site(config::resolve("site", options.site), d); });
  }
  if (is_simulated(options.node)) {
    const std::string file = config::resolve("sim", options.node.substr(kSimPrefix.size()));
    loaded.sim_node = load_or_complain([&](auto& d) { return config::load_sim_node(file, d); });
  } else if (!options.faults.empty()) {
    throw UsageError("--fault plants faults in a simulated node; with --node local nothing is planted");
  } else if (options.workers == kWorkerThreads || options.time_scale != 0) {
    throw UsageError("--workers thread and --time-scale are for simulated nodes");
  }
  const std::string sku_file = config::resolve("skus", sku_name(options, loaded));
  loaded.sku = load_sku(sku_file);
  name_by_content("sku", "skus", sku_file, loaded.sku.files, loaded.sku.name, loaded.not_as_shipped);
  const std::string profile_file = config::resolve("profiles", options.profile);
  loaded.profile = load_profile(profile_file);
  name_by_content("profile", "profiles", profile_file, loaded.profile.files, loaded.profile.name,
                  loaded.not_as_shipped);
  std::vector<config::SourceFile> catalogue;
  loaded.findings = load_findings(&catalogue);
  for (const std::string& other : config::not_as_shipped_whole("findings", catalogue))
    loaded.not_as_shipped.push_back("findings " + other);
  std::vector<config::SourceFile> events;
  loaded.events = load_event_catalogue(&events);
  for (const config::SourceFile& file : events) loaded.event_files.push_back(file.sha256);
  for (const std::string& other : config::not_as_shipped_whole("xid", events))
    loaded.not_as_shipped.push_back("xid " + other);
  if (options.faults.size() > config::kMostSimFaults) {
    throw UsageError(fmt::format("--fault: a simulated node takes at most {}, not {}", config::kMostSimFaults,
                                 options.faults.size()));
  }
  for (const std::string& spec : options.faults) {
    loaded.faults.push_back(load_or_complain([&](auto& d) { return config::load_fault(spec, d); }));
  }
  for (const config::Fault& fault : loaded.faults) {
    require_workers_for(fault.name, fault.kind, options.workers);
    const bool is_slot =
        std::any_of(loaded.sku.slots.begin(), loaded.sku.slots.end(),
                    [&](const config::Slot& slot) { return slot.part == fault.part.unit(); });
    const auto nvswitch = fault.part.nvswitch_number();
    if (!is_slot && fault.part != "node" && !(nvswitch && *nvswitch < loaded.sku.nvswitches))
      throw UsageError(fmt::format("--fault {}: SKU {} has no {}", fault.name, loaded.sku.name, fault.part));
  }
  return loaded;
}

std::unique_ptr<NodeSession> open_node(const RunOptions& options, const Configuration& loaded,
                                       std::uint64_t seed, const run::RunFolder& folder) {
  if (!loaded.sim_node) return open_real_node();
  std::map<int, int> slot_of_module;
  for (const config::Slot& slot : loaded.sku.slots) {
    if (slot.module_id != 0) slot_of_module[slot.module_id] = slot.part.gpu_slot().value_or(-1);
  }
  try {
    return sim::build_simulated_node(
        folder.path(), {*loaded.sim_node, slot_of_module, loaded.faults, seed, options.time_scale, 0, ""});
  } catch (const std::invalid_argument& error) {  // a fault that this node has no place for
    throw UsageError(std::string("--fault: ") + error.what());
  }
}

}  // namespace

void add_run_options(CLI::App& verb, RunOptions& options) {
  verb.add_option("--sku", options.sku, "What the node should be; never inferred from what is found");
  verb.add_option("--profile", options.profile,
                  fmt::format("{}, or a .toml file", fmt::join(config::names("profiles"), ", ")))
      ->capture_default_str();
  verb.add_option("--node", options.node,
                  "local, or sim:FILE for a simulated node (sim:NAME: configs/sim/NAME.toml)")
      ->capture_default_str();
  verb.add_option("--fault", options.faults,
                  "FILE[:key=value,...]: plant a fault in the simulated node; may be repeated");
  verb.add_option("--site", options.site, "A site's file: slots by PCI address, waivers");
  verb.add_option("--manifest", options.manifest,
                  "The delivery manifest, .toml or .csv: which GPU is to be in which slot");
  verb.add_option("--only", options.only, "Checks to run, as globs: memory.*,health.*. INCONCLUSIVE at best");
  verb.add_option("--gpus", options.gpus, "Slots to test: 0,1,5. INCONCLUSIVE at best");
  verb.add_option("--limits", options.limits, "A file of limits that replace the SKU's");
  verb.add_option_function<std::string>(
          "--seed", [&options](const std::string& text) { options.seed = seed_from(text); },
          "Decides all test data, and a simulated node's behaviour")
      ->type_name("UINT");
}

run::SamplerClient start_sampler(NodeSession& node, const run::RunFolder& folder, telemetry::Snapshot& first,
                                 const EventCatalogue& catalogue, const telemetry::Ledger& ledger) {
  try {
    auto sampler = run::SamplerClient::start(
        {node.sampler_address(), ledger.attributed(),
         ledger.kernel_log_position().value_or(kernel_log::KernelLog::kFromEnd), ledger.run_began()},
        folder.child_files(), catalogue);
    auto snapshot = sampler.snapshot();
    if (!snapshot) throw CannotRun("the management library did not answer: " + sampler.why_lost());
    first = std::move(*snapshot);
    return sampler;
  } catch (const run::NoManagementLibrary& error) {
    throw CannotRun(error.what());
  }
}

Prepared prepare(const RunOptions& options, const std::string& language) {
  if (options.out.empty()) throw UsageError("--out: an empty path; give the folder that runs are made in");
  const Configuration loaded = load(options);
  const std::vector<int> gpus = slot_numbers(items_of("--gpus", options.gpus));
  Criteria criteria = build_criteria(loaded.sku, loaded.profile, loaded.site, loaded.findings);
  criteria.not_as_shipped = loaded.not_as_shipped;
  criteria.event_catalogue = loaded.event_files;
  if (!options.manifest.empty()) {
    criteria.manifest = load_or_complain([&](auto& d) { return config::load_manifest(options.manifest, d); });
  }
  if (!options.limits.empty()) replace_limits(criteria, options.limits, loaded.sku);
  if (!loaded.sim_node) require_prerequisites(criteria, language, items_of("--only", options.only));

  const std::uint64_t seed = options.seed.value_or(fresh_seed());
  auto folder = [&] {
    try {
      return run::RunFolder::stage(options.out);
    } catch (const MachineRefused& error) {
      if (!error.is_wrong_path()) throw;
      throw UsageError(std::string("--out: ") + error.what());
    } catch (const std::runtime_error& error) {
      throw UsageError(std::string("--out: ") + error.what());
    }
  }();
  auto node = open_node(options, loaded, seed, folder);
  telemetry::Snapshot snapshot;
  auto sampler = start_sampler(*node, folder, snapshot, loaded.events);
  if (!node->simulated() && snapshot.readings.simulated) {
    throw CannotRun("the management library on this machine is the simulator's, not the driver's");
  }
  try {
    Plan plan = make_plan({loaded.sku, loaded.profile, loaded.site, snapshot.readings, options.node,
                           node->simulated(), seed, items_of("--only", options.only), gpus, loaded.faults});
    return {std::move(folder),
            std::move(node),
            std::move(sampler),
            std::move(snapshot),
            std::move(plan),
            std::move(criteria),
            not_run(loaded.profile, loaded.sku)};
  } catch (const PlanError& error) {
    throw UsageError(error.what());
  }
}

}  // namespace assay::cli
