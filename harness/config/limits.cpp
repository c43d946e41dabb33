#include "harness/config/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/config/nearest.h"
#include "harness/model/grade.h"
#include "harness/model/telemetry_measures.h"

namespace assay::config {
namespace {

// Outside these shares of the physical peak a limit needs a written reason: a slip of a unit by a thousand,
// as has been shipped in the field, makes a limit that nothing can fail.
constexpr double kLowestShare = 0.5, kHighestShare = 1.0;
constexpr double kHighestFloorShare = 0.1;  // of a peer limit's scale floor

constexpr std::pair<const char*, LimitKind> kKinds[] = {{"min", LimitKind::min},
                                                        {"max", LimitKind::max},
                                                        {"equal", LimitKind::equal},
                                                        {"peer_equal", LimitKind::peer_equal},
                                                        {"peer_ratio", LimitKind::peer_ratio},
                                                        {"peer_excess", LimitKind::peer_excess}};
const std::vector<std::string> kUnitBound{
    "min",         "max",     "equal",  "peer_equal", "peer_ratio", "peer_excess", "marginal",
    "scale_floor", "variant", "during", "per",        "at",         "less_air",    "when"};

/// The measure that the table speaks of, or null after an error.
const Measure* read_subject(Table& table, const Vocabulary& vocabulary, Limit& limit) {
  limit.check = table.name_in("check", "check", vocabulary.check_names());
  const Check* check = vocabulary.check(limit.check);
  if (check == nullptr) {
    table.text("measurement");
    return nullptr;
  }
  limit.measurement = table.name_in("measurement", "measurement of " + limit.check, measure_names(*check));
  return find_measure(*check, limit.measurement);
}

/// The one key that gives the limit's kind; null after an error.
const char* read_kind(Table& table, LimitKind& kind) {
  const char* key = nullptr;
  for (const auto& [name, value] : kKinds) {
    if (!table.has(name)) continue;
    if (key != nullptr) {
      table.error(name, fmt::format("a limit has one bound, and here are '{}' and '{}'", key, name));
      return nullptr;
    }
    key = name;
    kind = value;
  }
  if (key == nullptr)
    table.error("a limit needs one of min, max, equal, peer_equal, peer_ratio, peer_excess");
  return key;
}

bool read_bound(Table& table, const std::string& key, Limit& limit) {
  if (limit.kind == LimitKind::peer_equal) {
    if (table.flag(key)) return true;
    table.error(key, "'peer_equal' can only be true");
    return false;
  }
  if (limit.kind == LimitKind::peer_ratio) {
    const auto bound = table.optional_quantity(key, Unit::ratio);
    if (!bound) return false;
    limit.bound = *bound;
    if (*bound > 0 && *bound <= 1) return true;
    table.error(key, fmt::format("'peer_ratio' must be above 0 and at most 1, not {}", *bound));
    return false;
  }
  if (limit.unit == Unit::text) {
    if (limit.kind != LimitKind::equal) {
      table.error(key, fmt::format("'{}' is a text: it can have 'equal' or 'peer_equal'", limit.measurement));
      return false;
    }
    const auto bound = table.optional_text(key);
    if (bound) limit.bound = *bound;
    return bound.has_value();
  }
  const auto bound = table.optional_quantity(key, limit.unit);
  if (bound) limit.bound = *bound;
  if (bound && limit.kind == LimitKind::peer_excess && *bound <= 0)
    table.error(key, "'peer_excess' must be above 0: the spread of eight good GPUs is not nothing");
  return bound.has_value();
}

void read_marginal(Table& table, Limit& limit) {
  if (!table.has("marginal")) return;
  if (limit.kind != LimitKind::min && limit.kind != LimitKind::max) {
    table.error("marginal",
                fmt::format("only min and max have a marginal band, not {}", name_of(limit.kind)));
    return;
  }
  limit.marginal_bound = table.optional_quantity("marginal", limit.unit);
  const double* bound = std::get_if<double>(&limit.bound);
  if (!limit.marginal_bound || bound == nullptr) return;
  const bool right_side =
      limit.kind == LimitKind::min ? *limit.marginal_bound > *bound : *limit.marginal_bound < *bound;
  if (!right_side) {
    table.error("marginal",
                fmt::format("'marginal' must be {} the bound: the value fails {} {} and is marginal up to {}",
                            limit.kind == LimitKind::min ? "above" : "below",
                            limit.kind == LimitKind::min ? "below" : "above", *bound, *limit.marginal_bound));
  }
}

void read_variant(Table& table, const Vocabulary& vocabulary, Limit& limit) {
  if (!table.has("variant")) return;
  std::vector<std::string> names;
  const Check* check = vocabulary.check(limit.check);
  for (const Variant& variant : check->variants) names.push_back(variant.name);
  limit.variant = table.name_in("variant", "variant of " + limit.check, names);
}

void read_during(Table& table, const Vocabulary& vocabulary, Limit& limit) {
  if (!table.has("during")) return;
  limit.during = table.name_in("during", "check", vocabulary.check_names());
  if (limit.check != kTelemetryCheck)
    table.error("during", fmt::format("only readings of {} are of other checks' steps", kTelemetryCheck));
}

void read_when(Table& table, Limit& limit) {
  static const std::vector<std::string> kStates{kDelivered, kInService};
  if (table.has("when")) limit.when = table.name_in("when", "state of a node", kStates);
}

void read_per(Table& table, Limit& limit) {
  const bool has_at = table.has("at");
  if (has_at && (limit.kind != LimitKind::min || !table.has("per")))
    table.error("at", "only a min that is 'per' a reading is at one");
  if (!table.has("per")) return;
  static const std::vector<std::string> kReadings{"sm_clock_median", "power_median", "sm_clock_steady",
                                                  "power_steady"};
  limit.per = table.name_in("per", "reading to compare at", kReadings);
  const bool by_itself = limit.kind == LimitKind::min;
  if (!by_itself && limit.kind != LimitKind::peer_ratio)
    table.error("per", "only min and peer_ratio compare at a reading");
  for (const Measure& measure : telemetry_measures()) {
    if (by_itself && measure.name == limit.per) limit.at = table.quantity("at", measure.unit);
  }
}

void read_scale_floor(Table& table, Limit& limit) {
  if (limit.kind != LimitKind::peer_ratio) {
    if (table.has("scale_floor")) table.error("scale_floor", "only peer_ratio has a scale floor");
    return;
  }
  if (limit.unit == Unit::text) {
    table.error(fmt::format("'{}' is a text: it has no ratio", limit.measurement));
    return;
  }
  limit.scale_floor = table.quantity("scale_floor", limit.unit);
  if (table.has("scale_floor") && limit.scale_floor <= 0) {
    table.error("scale_floor", "'scale_floor' must be above 0: the spread of eight good GPUs is not nothing");
  }
}

void check_share(Table& table, const std::string& key, double value, const Peak& peak, double lowest,
                 double highest) {
  const double share = value / peak.value;
  if (share >= lowest && share <= highest) return;
  table.error(
      key, fmt::format("{} {} is {:.4g} % of the peak {} ({} {}), not {:.4g} to {:.4g} %: mend it or give a "
                       "'reason'",
                       value, symbol(peak.unit), 100 * share, peak.name, peak.value, symbol(peak.unit),
                       100 * lowest, 100 * highest));
}

void check_plausible(Table& table, const std::string& key, const Limit& limit,
                     const std::vector<Peak>& peaks) {
  if (limit.peak.empty()) {
    if (limit.unit == Unit::gb_per_s || limit.unit == Unit::tflop_per_s)
      table.error("the limit of a rate must name the 'peak' that it is compared with");
    return;
  }
  const auto peak =
      std::find_if(peaks.begin(), peaks.end(), [&](const Peak& p) { return p.name == limit.peak; });
  if (peak == peaks.end()) {
    std::vector<std::string> names;
    for (const Peak& p : peaks) names.push_back(p.name);
    table.error("peak", fmt::format("there is no peak '{}'{}", limit.peak, suggestion(limit.peak, names)));
    return;
  }
  if (peak->unit != limit.unit) {
    table.error("peak", fmt::format("the peak '{}' is in {}, and '{}' in {}", peak->name, symbol(peak->unit),
                                    limit.measurement, symbol(limit.unit)));
    return;
  }
  if (!limit.reason.empty()) return;
  if (limit.kind == LimitKind::peer_ratio) {
    check_share(table, "scale_floor", limit.scale_floor, *peak, 0, kHighestFloorShare);
    return;
  }
  const double* bound = std::get_if<double>(&limit.bound);
  if (bound == nullptr || is_peer(limit.kind)) return;
  check_share(table, key, *bound, *peak, kLowestShare, kHighestShare);
  if (limit.marginal_bound) {
    check_share(table, "marginal", *limit.marginal_bound, *peak, kLowestShare, kHighestShare);
  }
}

void read_finding(Table& table, const Vocabulary& vocabulary, Limit& limit) {
  limit.finding = table.name_in("finding", "finding", vocabulary.finding_codes());
  const Check* check = vocabulary.check(limit.check);
  if (check == nullptr || limit.finding.empty()) return;
  std::vector<std::string> declared;
  for (const FindingCode& code : check->findings) declared.push_back(code.text());
  if (std::find(declared.begin(), declared.end(), limit.finding.text()) == declared.end()) {
    table.error("finding", fmt::format("{} does not declare the finding '{}'{}", check->name, limit.finding,
                                       suggestion(limit.finding.text(), declared)));
  }
}

Limit read_limit(Table& table, const Vocabulary& vocabulary, const std::vector<Peak>& peaks) {
  Limit limit;
  const Measure* measure = read_subject(table, vocabulary, limit);
  read_finding(table, vocabulary, limit);
  limit.source = table.text("source");
  limit.date = table.date("date");
  limit.reason = table.optional_text("reason").value_or("");
  limit.peak = table.optional_text("peak").value_or("");
  table.accept(kUnitBound);
  const char* key = read_kind(table, limit.kind);
  if (measure == nullptr || key == nullptr) return limit;  // without its unit a bound cannot be read
  limit.unit = measure->unit;
  if (!read_bound(table, key, limit)) return limit;
  read_variant(table, vocabulary, limit);
  read_during(table, vocabulary, limit);
  read_per(table, limit);
  read_when(table, limit);
  read_marginal(table, limit);
  read_scale_floor(table, limit);
  limit.less_air = table.has("less_air") && table.flag("less_air");
  if (limit.less_air && (limit.kind != LimitKind::peer_excess || limit.unit != Unit::celsius))
    table.error("less_air", "air is taken out of a temperature's peer_excess alone");
  check_plausible(table, key, limit, peaks);
  return limit;
}

}  // namespace

bool same_subject(const Limit& a, const Limit& b) {
  return a.check == b.check && a.measurement == b.measurement && a.kind == b.kind && a.variant == b.variant &&
         a.during == b.during && a.per == b.per && a.at == b.at && a.when == b.when;
}

std::vector<Limit> read_limits(Table& root, const Vocabulary& vocabulary, const std::vector<Peak>& peaks) {
  std::vector<Limit> limits;
  for (Table& table : root.tables("limits")) {
    Limit limit = read_limit(table, vocabulary, peaks);
    const bool twice = std::any_of(limits.begin(), limits.end(),
                                   [&](const Limit& earlier) { return same_subject(earlier, limit); });
    if (twice && !limit.measurement.empty()) {
      table.error(fmt::format("{} of {} has a {} limit already", limit.measurement, limit.check,
                              name_of(limit.kind)));
    }
    limits.push_back(std::move(limit));
  }
  return limits;
}

}  // namespace assay::config
