#include "harness/config/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/config/profile_reader.h"
#include "harness/config/reader.h"
#include "harness/model/telemetry_measures.h"

namespace assay::config {
namespace {

constexpr int kFastestSampling = 100, kMostRounds = 1000;

constexpr double kLongestDeadline_s = 365.0 * 24 * 3600;  // what a clock in nanoseconds bears, by far

std::vector<std::string> runnable(const Vocabulary& vocabulary) {
  std::vector<std::string> names = vocabulary.check_names();
  names.erase(std::remove(names.begin(), names.end(), kTelemetryCheck), names.end());
  return names;
}

Body read_body(Table& table, const Vocabulary& vocabulary) {
  Body body;
  body.check = table.name_in("check", "check", runnable(vocabulary));
  body.duration_s = table.quantity("duration", Unit::seconds);
  if (body.duration_s < 0) table.error("duration", "'duration' cannot be negative; \"0 s\" is once through");
  return body;
}

void require_a_share(Table& table, const Body& body) {
  if (!(body.memory_share > 0 && body.memory_share < 1))
    table.error("memory_share", "'memory_share' is above 0 and below 1");
}

/// Checks that overlap share their processes: what each needs of them must fit.
void require_fitting(Table& table, const Body& body, const Check& check, const Check& first) {
  const bool is_first = &check == &first;
  if (check.scope == Scope::ranks && check.meets && !is_first) {
    table.error("check",
                fmt::format("'{}' can overlap with others only as the first: its ranks meet, and whose "
                            "answer is whose could not be told",
                            check.name));
  }
  if (check.scope != first.scope || check.scope == Scope::node) {
    table.error("check",
                fmt::format("'{}' (scope {}) and '{}' (scope {}) cannot overlap: both must work on the same "
                            "GPUs",
                            check.name, name_of(check.scope), first.name, name_of(first.scope)));
  }
  // One way alone can be the environment of all.
  const bool has_ways = check.variants.size() > (is_first ? 1 : 0);
  if (has_ways || check.stays || check.follows) {
    table.error("check", fmt::format("'{}' cannot overlap with others: it {}", check.name,
                                     check.stays     ? "stays over other stages"
                                     : check.follows ? "is a follow-up"
                                                     : "has variants, in processes of their own"));
  }
  require_a_share(table, body);
}

std::vector<Body> read_overlap(Table& entry, const Vocabulary& vocabulary) {
  std::vector<Body> bodies;
  double shares = 0;
  const Check* first = nullptr;
  for (Table& table : entry.tables("overlap")) {
    Body body = read_body(table, vocabulary);
    body.memory_share = table.quantity("memory_share", Unit::count);
    const Check* check = vocabulary.check(body.check);
    if (check != nullptr) {
      if (first == nullptr) first = check;
      require_fitting(table, body, *check, *first);
    }
    const bool twice = std::any_of(bodies.begin(), bodies.end(),
                                   [&](const Body& other) { return other.check == body.check; });
    if (twice) table.error("check", fmt::format("'{}' stands there twice", body.check));
    shares += body.memory_share;
    bodies.push_back(std::move(body));
  }
  if (bodies.size() < 2) entry.error("overlap", "at least two checks overlap");
  if (shares > 1)
    entry.error("overlap", fmt::format("the memory shares add up to {}, which is above 1", shares));
  return bodies;
}

void read_stay(Table& table, const Vocabulary& vocabulary, ProfileEntry& entry) {
  entry.stays_for = static_cast<int>(table.optional_integer("stays_for", 1, kMostRounds).value_or(0));
  const Check* check = vocabulary.check(entry.bodies.front().check);
  if (entry.stays_for > 0 && check != nullptr && !check->stays)
    table.error("stays_for", fmt::format("'{}' does not stay: it has no second half", check->name));
  if (entry.stays_for > 0 && table.has("memory_share")) {
    Body& body = entry.bodies.front();
    body.memory_share = table.quantity("memory_share", Unit::count);
    require_a_share(table, body);
  }
}

ProfileEntry read_entry(Table& table, const Vocabulary& vocabulary) {
  ProfileEntry entry;
  if (table.has("overlap")) {
    entry.bodies = read_overlap(table, vocabulary);
  } else {
    entry.bodies = {read_body(table, vocabulary)};
    read_stay(table, vocabulary, entry);
  }
  entry.deadline_s = table.quantity("deadline", Unit::seconds);
  double longest_s = 0;
  for (const Body& body : entry.bodies) longest_s = std::max(longest_s, body.duration_s);
  if (entry.deadline_s > kLongestDeadline_s) {
    table.error("deadline", fmt::format("'deadline' ({} s) cannot be longer than {} s, a year",
                                        entry.deadline_s, kLongestDeadline_s));
  }
  if (entry.deadline_s <= longest_s) {
    table.error("deadline",
                fmt::format("'deadline' ({} s) must be longer than 'duration' ({} s): it would stop a good "
                            "GPU's worker",
                            entry.deadline_s, longest_s));
  }
  return entry;
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
  profile.in_service = root.has("in_service") && root.flag("in_service");
  profile.sample_hz = static_cast<double>(root.integer("sample_hz", 1, kFastestSampling));
  profile.idle_timeout_s = root.quantity("idle_timeout", Unit::seconds);
  if (root.has("idle_timeout") && profile.idle_timeout_s <= 0)
    root.error("idle_timeout", "must be above 0 s");

  const auto rounds = root.optional_integer("rounds", 1, kMostRounds).value_or(1);
  std::vector<ProfileEntry> round;
  for (Table& table : root.tables("checks")) round.push_back(read_entry(table, vocabulary));
  if (round.empty()) root.error("a profile has at least one [[checks]]");
  for (std::int64_t i = 0; i < rounds; ++i)
    profile.checks.insert(profile.checks.end(), round.begin(), round.end());
  return profile;
}

Profile load_profile(const std::string& path, Diagnostics& diagnostics) {
  return read_profile(path, shipped_vocabulary(diagnostics), diagnostics);
}

}  // namespace assay::config
