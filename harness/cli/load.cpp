#include "harness/cli/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <utility>

#include "harness/base/files.h"
#include "harness/base/machine_refused.h"
#include "harness/config/paths.h"
#include "harness/model/content_hash.h"
#include "harness/node_sim/simulated_backend.h"
#include "harness/plan/limit_override.h"
#include "harness/record/reader.h"
#include "harness/run/sha256sums.h"

namespace assay::cli {

config::Sku load_sku(const std::string& name) {
  return load_or_complain([&](auto& d) { return config::load_sku(config::resolve("skus", name), d); });
}

config::Profile load_profile(const std::string& name) {
  return load_or_complain(
      [&](auto& d) { return config::load_profile(config::resolve("profiles", name), d); });
}

std::vector<FindingKind> load_findings(std::vector<config::SourceFile>* sources) {
  return load_or_complain(
      [&](auto& d) { return config::load_findings(config::configs_folder() + "/findings", d, sources); });
}

EventCatalogue load_event_catalogue(std::vector<config::SourceFile>* sources) {
  return load_or_complain(
      [&](auto& d) { return config::load_event_catalogue(config::configs_folder() + "/xid", d, sources); });
}

void replace_limits(Criteria& criteria, const std::string& path, const config::Sku& sku) {
  const auto limits = load_or_complain([&](auto& d) { return config::load_limits(path, sku, d); });
  try {
    override_limits(criteria, limits);
  } catch (const LimitError& error) {
    throw UsageError(path + ": " + error.what());
  }
}

namespace {

nlohmann::json read_hashed(const std::string& path, const std::string& hash) {
  nlohmann::json content = read_json(path);
  if (content_hash(content) != hash) {
    throw UsageError(
        fmt::format("{} is not the file that the run was started with: its hash is {}, the records say {}",
                    path, content_hash(content), hash));
  }
  return content;
}

StoredRun load(const std::string& path) {
  StoredRun stored{run::RunFolder::open(path), {}, {}};
  try {
    stored.run = record::read_records(stored.folder.records());
  } catch (const record::RecordsError& error) {
    throw UsageError(stored.folder.records() + ": " + error.what());
  }
  const nlohmann::json criteria = read_hashed(stored.folder.criteria(), stored.run.criteria_hash);
  try {
    criteria.get_to(stored.criteria);
  } catch (const std::exception& error) {  // a key that lacks, a wrong type, a name that nothing has
    throw UsageError(stored.folder.criteria() + ": " + error.what());
  }
  read_hashed(stored.folder.plan(), stored.run.plan_hash);
  return stored;
}

/// What lies beside the records may say that they were simulated, too.
void doubt_simulation(StoredRun& stored) {
  if (stored.run.plan.simulated) return;
  for (const auto& [trace, there] :
       {std::pair{"the folder's name", stored.folder.is_named_simulated()},
        std::pair{sim::kKernelLogFile,
                  std::filesystem::exists(stored.folder.path() + "/" + sim::kKernelLogFile)}}) {
    if (!there) continue;
    stored.run.plan.simulated = true;
    stored.run.doubts.push_back(
        fmt::format("the run contradicts itself: simulated by {}; real by its records", trace));
  }
}

/// What a run consists of: the files of every run, and what its checks have attached.
std::vector<std::string> files_of(const StoredRun& stored) {
  std::vector<std::string> names = run::RunFolder::own_files();
  names.insert(names.end(), stored.run.attachments.begin(), stored.run.attachments.end());
  return names;
}

/// Of a run that has ended: its report is made after its verdict.
void doubt_missing_files(StoredRun& stored) {
  if (!stored.run.closed) return;
  for (const std::string& name : files_of(stored)) {
    const std::string path = stored.folder.path() + "/" + name;
    if (path != stored.folder.report_html() && !std::filesystem::exists(path))
      stored.run.doubts.push_back(fmt::format("{} is missing", name));
  }
}

void doubt_checksums(StoredRun& stored) {
  const auto sums = run::verify_checksums(stored.folder.path(), files_of(stored));
  if (!sums.unreadable.empty()) {
    throw UsageError(fmt::format("{}: cannot be read, so nothing vouches for it: {}", stored.folder.path(),
                                 fmt::join(sums.unreadable, ", ")));
  }
  if (!sums.changed.empty()) {
    throw UsageError(fmt::format("{}: changed since the run ended: {}", stored.folder.path(),
                                 fmt::join(sums.changed, ", ")));
  }
  if (!stored.run.closed) return;
  if (!sums.present) {
    stored.run.doubts.push_back(
        "SHA256SUMS is missing: nothing vouches for these files. A run that was killed at its end is "
        "finished by assay resume");
  } else if (!sums.uncovered.empty()) {
    stored.run.doubts.push_back(
        fmt::format("SHA256SUMS does not vouch for {}", fmt::join(sums.uncovered, ", ")));
  }
}

}  // namespace

StoredRun load_unconcluded_run(const std::string& path) {
  try {
    StoredRun stored = load(path);
    doubt_simulation(stored);
    doubt_missing_files(stored);
    return stored;
  } catch (const UsageError&) {
    throw;
  } catch (const MachineRefused& error) {
    if (!error.is_wrong_path()) throw;
    throw UsageError(error.what());
  } catch (const std::runtime_error& error) {
    throw UsageError(error.what());
  }
}

StoredRun load_run(const std::string& path) {
  StoredRun stored = load_unconcluded_run(path);
  doubt_checksums(stored);
  return stored;
}

bool lacks_conclusion(const StoredRun& stored) {
  return stored.run.closed && !std::filesystem::exists(stored.folder.checksums());
}

}  // namespace assay::cli
