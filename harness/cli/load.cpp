#include "harness/cli/load.h"

#include <fmt/format.h>

#include "harness/config/paths.h"
#include "harness/record/reader.h"

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

std::vector<Limit> load_limits(const std::string& path, const config::Sku& sku) {
  return load_or_complain([&](auto& d) { return config::load_limits(path, sku, d); });
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
