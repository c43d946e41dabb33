#include "harness/config/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/config/profile_reader.h"
#include "harness/config/reader.h"
#include "harness/telemetry/measures.h"

namespace assay::config {
namespace {

constexpr int kFastestSampling = 100, kMostRounds = 1000;

constexpr double kLongestDeadline_s = 365.0 * 24 * 3600;  // what a clock in nanoseconds bears, by far

std::vector<std::string> runnable(const Vocabulary& vocabulary) {
  std::vector<std::string> names = vocabulary.check_names();
  names.erase(std::remove(names.begin(), names.end(), telemetry::kTelemetryCheck), names.end());
  return names;
}

ProfileCheck read_check(Table& table, const Vocabulary& vocabulary) {
  ProfileCheck check;
  check.check = table.name_in("check", "check", runnable(vocabulary));
  check.duration_s = table.quantity("duration", Unit::seconds);
  check.estimate_s = table.quantity("estimate", Unit::seconds);
  check.deadline_s = table.quantity("deadline", Unit::seconds);
  if (check.duration_s < 0) table.error("duration", "'duration' cannot be negative; \"0 s\" is once through");
  if (check.estimate_s <= 0 || check.estimate_s < check.duration_s) {
    table.error("estimate",
                fmt::format("'estimate' ({} s) must be above 0 and cannot be shorter than 'duration' ({} s)",
                            check.estimate_s, check.duration_s));
  }
  if (check.deadline_s > kLongestDeadline_s) {
    table.error("deadline", fmt::format("'deadline' ({} s) cannot be longer than {} s, a year",
                                        check.deadline_s, kLongestDeadline_s));
  }
  if (check.deadline_s <= check.estimate_s) {
    table.error("deadline",
                fmt::format("'deadline' ({} s) must be longer than 'estimate' ({} s): it would stop a good "
                            "GPU's worker",
                            check.deadline_s, check.estimate_s));
  }
  return check;
}

}  // namespace

Profile read_profile(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics) {
  Profile profile;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return profile;
  Table root = file.root();
  profile.name = file.stem();
  profile.files = {file.source()};
  profile.summary = root.text("summary");
  profile.sample_hz = static_cast<double>(root.integer("sample_hz", 1, kFastestSampling));
  profile.idle_timeout_s = root.quantity("idle_timeout", Unit::seconds);
  if (root.has("idle_timeout") && profile.idle_timeout_s <= 0)
    root.error("idle_timeout", "must be above 0 s");

  const auto rounds = root.optional_integer("rounds", 1, kMostRounds).value_or(1);
  std::vector<ProfileCheck> round;
  for (Table& table : root.tables("checks")) round.push_back(read_check(table, vocabulary));
  if (round.empty()) root.error("a profile has at least one [[checks]]");
  for (std::int64_t i = 0; i < rounds; ++i)
    profile.checks.insert(profile.checks.end(), round.begin(), round.end());
  return profile;
}

Profile load_profile(const std::string& path, Diagnostics& diagnostics) {
  return read_profile(path, shipped_vocabulary(diagnostics), diagnostics);
}

}  // namespace assay::config
