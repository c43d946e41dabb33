#include "harness/plan/limit_override.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/model/grade.h"

namespace assay {
namespace {

std::string title(const Limit& limit) {
  const auto with = [](const char* word, const std::string& name) {
    return name.empty() ? name : fmt::format(" {} {}", word, name);
  };
  return fmt::format("{}{}/{} {}{}{}", limit.check, limit.variant.empty() ? "" : ":" + limit.variant,
                     limit.measurement, name_of(limit.kind), with("during", limit.during),
                     with("per", limit.per));
}

bool is_absolute(const Limit& limit) {
  return !is_peer(limit.kind);
}

using Limits = std::vector<Limit*>;

Limits limits_of_measurement(Criteria& criteria, const Limit& limit) {
  Limits found;
  for (Limit& existing : criteria.limits) {
    if (existing.check == limit.check && existing.measurement == limit.measurement)
      found.push_back(&existing);
  }
  return found;
}

/// The one that `limit` replaces, or null.
Limit* replaced_by(const Limit& limit, const Limits& existing) {
  const auto found = std::find_if(existing.begin(), existing.end(), [&](const Limit* other) {
    return other->kind == limit.kind && other->variant == limit.variant && other->during == limit.during &&
           other->per == limit.per && other->at == limit.at;
  });
  return found == existing.end() ? nullptr : *found;
}

void require_numbers(const Limit& limit) {
  const auto* bound = std::get_if<double>(&limit.bound);
  const bool finite = (bound == nullptr || std::isfinite(*bound)) && std::isfinite(limit.scale_floor) &&
                      std::isfinite(limit.marginal_bound.value_or(0));
  if (!finite) throw LimitError(title(limit) + ": a limit is a finite number");
}

/// Numbers may change, what they mean may not: a limit that led to another finding could make an excuse of
/// what the node is rejected for.
void require_same_meaning(const Limit& limit, const Limits& existing) {
  const Limit* replaced = replaced_by(limit, existing);
  const auto means_the_same = [&](const Limit* other) {
    return other->finding == limit.finding && other->unit == limit.unit;
  };
  const bool same = replaced != nullptr
                        ? means_the_same(replaced) && replaced->bound.index() == limit.bound.index()
                        : existing.empty() || std::any_of(existing.begin(), existing.end(), means_the_same);
  if (same) return;
  const Limit& model = replaced != nullptr ? *replaced : *existing.front();
  throw LimitError(fmt::format("{}: it leads to {}, in '{}': --limits changes numbers, not what they mean",
                               title(limit), model.finding, symbol(model.unit)));
}

/// Where values begin to be marginal or, without a band, to fail.
double edge_of(const Limit& limit) {
  return limit.marginal_bound.value_or(std::get<double>(limit.bound));
}

/// Whether every value is judged at least as hard as before.
bool is_no_looser(const Limit& before, const Limit& after) {
  if (!std::holds_alternative<double>(before.bound)) return after.bound == before.bound;
  const double old_bound = std::get<double>(before.bound), new_bound = std::get<double>(after.bound);
  switch (before.kind) {
    case LimitKind::min:
      return new_bound >= old_bound && edge_of(after) >= edge_of(before);
    case LimitKind::max:
      return new_bound <= old_bound && edge_of(after) <= edge_of(before);
    case LimitKind::equal:
    case LimitKind::one_of:
    case LimitKind::peer_equal:
      return new_bound == old_bound;
    case LimitKind::peer_ratio:
      return new_bound >= old_bound && after.scale_floor <= before.scale_floor;
    case LimitKind::peer_excess:
      return new_bound <= old_bound;
  }
  return false;
}

void require_performance(const Criteria& criteria, const Limit& limit) {
  const FindingKind* kind = find_kind(criteria, limit.finding);
  if (kind != nullptr && kind->cls == FindingClass::performance) return;
  throw LimitError(fmt::format(
      "{} leads to {}, which is no matter of performance: such a limit can be tightened, not loosened",
      title(limit), limit.finding));
}

/// A GPU that lags behind its peers is only marginal while it keeps an absolute limit: a lower one, or a
/// first one, loosens the comparison too.
void require_performance_of_peers(const Criteria& criteria, const Limit& limit, const Limits& existing) {
  if (!is_absolute(limit)) return;
  for (const Limit* other : existing) {
    if (other->kind == LimitKind::peer_ratio) require_performance(criteria, *other);
  }
}

/// What accuses nobody explains or excuses what does, and a REJECT would become INCONCLUSIVE.
void require_accusation(const Criteria& criteria, const Limit& limit) {
  const FindingKind* kind = find_kind(criteria, limit.finding);
  if (kind != nullptr && accuses(kind->cls)) return;
  throw LimitError(
      fmt::format("{} would be a new limit, and leads to {}, which accuses no part: it cannot be added",
                  title(limit), limit.finding));
}

void add_limit(Criteria& criteria, const Limit& limit, const Limits& existing) {
  if (existing.empty()) require_accusation(criteria, limit);
  const bool first_absolute = std::none_of(existing.begin(), existing.end(), [&](const Limit* other) {
    return is_absolute(*other) && (other->during.empty() || other->during == limit.during) &&
           (other->variant.empty() || other->variant == limit.variant);
  });
  if (first_absolute) require_performance_of_peers(criteria, limit, existing);
  criteria.limits.push_back(limit);
}

void replace_limit(const Criteria& criteria, Limit& replaced, const Limit& limit, const Limits& existing) {
  if (!is_no_looser(replaced, limit)) {
    require_performance(criteria, replaced);
    require_performance_of_peers(criteria, limit, existing);
  }
  replaced = limit;
}

void override_limit(Criteria& criteria, const Limit& limit) {
  require_numbers(limit);
  const Limits existing = limits_of_measurement(criteria, limit);
  require_same_meaning(limit, existing);
  Limit* replaced = replaced_by(limit, existing);
  if (replaced != nullptr && *replaced == limit) return;
  if (replaced == nullptr) {
    add_limit(criteria, limit, existing);
  } else {
    replace_limit(criteria, *replaced, limit, existing);
  }
  auto& remembered = criteria.replaced_limits;
  if (std::find(remembered.begin(), remembered.end(), title(limit)) == remembered.end())
    remembered.push_back(title(limit));
}

}  // namespace

void override_limits(Criteria& criteria, const std::vector<Limit>& limits) {
  criteria.hash_as_read.clear();
  for (const Limit& limit : limits) override_limit(criteria, limit);
}

}  // namespace assay
