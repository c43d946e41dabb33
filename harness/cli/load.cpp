#include "harness/cli/load.h"

#include <fmt/format.h>

#include "harness/config/paths.h"
#include "harness/plan/criteria_builder.h"
#include "harness/record/reader.h"
#include "harness/run/checksums.h"

namespace assay::cli {

config::Sku load_sku(const std::string& name) {
  return load_or_complain([&](auto& d) { return config::load_sku(config::resolve("skus", name), d); });
}

config::Profile load_profile(const std::string& name) {
  return load_or_complain(
      [&](auto& d) { return config::load_profile(config::resolve("profiles", name), d); });
}

std::vector<FindingKind> load_findings() {
  return load_or_complain(
      [](auto& d) { return config::load_findings(config::configs_folder() + "/findings", d); });
}

void replace_limits(Criteria& criteria, const std::string& path, const config::Sku& sku) {
  const auto limits = load_or_complain([&](auto& d) { return config::load_limits(path, sku, d); });
  try {
    override_limits(criteria, limits);
  } catch (const LimitError& error) {
    throw UsageError(path + ": " + error.what());
  }
}

StoredRun load_run(const std::string& path) {
  try {
    StoredRun stored{run::RunFolder::open(path), {}, {}};
    stored.run = record::read_records(stored.folder.records());
    const nlohmann::json criteria = run::read_json(stored.folder.criteria());
    if (content_hash(criteria) != stored.run.criteria_hash) {
      throw UsageError(
          fmt::format("{} is not the file that the run was started with: its hash is {}, the records say {}",
                      stored.folder.criteria(), content_hash(criteria), stored.run.criteria_hash));
    }
    criteria.get_to(stored.criteria);
    if (content_hash(run::read_json(stored.folder.plan())) != stored.run.plan_hash) {
      throw UsageError(fmt::format("{} is not the plan that the records were made by", stored.folder.plan()));
    }
    const std::string changed = run::changed_files(stored.folder.path());
    if (!changed.empty()) throw UsageError(fmt::format("{}: changed since the run ended: {}", path, changed));
    return stored;
  } catch (const record::RecordsError& error) {
    throw UsageError(path + "/records.jsonl: " + error.what());
  } catch (const nlohmann::json::exception& error) {
    throw UsageError(path + "/criteria.json: " + error.what());
  } catch (const UsageError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw UsageError(error.what());
  }
}

}  // namespace assay::cli
