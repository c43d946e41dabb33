#include "harness/cli/open_runs.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/parse_json.h"
#include "harness/cli/load.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kOldest = std::chrono::hours(24 * 7);

/// Folders of several nodes may lie beside one another.
bool is_the_same_node(const Plan& left, const Plan& wanted) {
  return std::equal(left.slots.begin(), left.slots.end(), wanted.slots.begin(), wanted.slots.end(),
                    [](const PlannedSlot& a, const PlannedSlot& b) { return a.serial == b.serial; });
}

bool is_the_same_work(const Plan& left, const Plan& wanted) {
  const nlohmann::json mine = left, its = wanted;
  return is_the_same_node(left, wanted) && left.profile == wanted.profile && left.sku == wanted.sku &&
         left.node == wanted.node && left.simulated == wanted.simulated && left.partial == wanted.partial &&
         left.assay_version == wanted.assay_version && left.schema == wanted.schema &&
         mine.at("stages") == its.at("stages") && mine.at("faults") == its.at("faults");
}

bool is_open(const std::string& folder, const Plan& plan, const Criteria& criteria) {
  try {
    const run::RunFolder files = run::RunFolder::open(folder);
    if (fs::exists(files.checksums())) return false;
    if (fs::file_time_type::clock::now() - fs::last_write_time(files.records()) > kOldest) return false;
    const StoredRun stored = load_unconcluded_run(folder);
    const bool left = !stored.run.closed || lacks_conclusion(stored);
    return left && is_the_same_work(stored.run.plan, plan) && hash_of(stored.criteria) == hash_of(criteria);
  } catch (const std::exception&) {  // whatever it is, it is no run to go on with
    return false;
  }
}

}  // namespace

std::optional<std::string> left_open(const std::string& out, const Plan& plan, const Criteria& criteria) {
  std::optional<fs::path> youngest;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(out, none)) {
    if (!entry.is_directory(none) || !is_open(entry.path().string(), plan, criteria)) continue;
    const auto age = [&](const fs::path& folder) {
      return fs::last_write_time(folder / "records.jsonl", none);
    };
    if (!youngest || age(entry.path()) > age(*youngest)) youngest = entry.path();
  }
  return youngest ? std::optional(youngest->string()) : std::nullopt;
}

}  // namespace assay::cli
