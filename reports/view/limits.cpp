#include "reports/view/limits.h"

#include "harness/model/units.h"
#include "reports/format.h"

namespace assay::reports {
namespace {

Mark mark_of_number(const Limit& limit, double bound, double value) {
  const auto& band = limit.marginal_bound;
  switch (limit.kind) {
    case LimitKind::min:
      if (!(value >= bound)) return Mark::outside;  // NaN too
      return band && value < *band ? Mark::marginal : Mark::none;
    case LimitKind::max:
      if (!(value <= bound)) return Mark::outside;
      return band && value > *band ? Mark::marginal : Mark::none;
    case LimitKind::equal:
      return value == bound ? Mark::none : Mark::outside;
    case LimitKind::peer_equal:
    case LimitKind::peer_ratio:
      return Mark::none;
  }
  return Mark::none;
}

}  // namespace

std::vector<const Limit*> limits_of(const Criteria& criteria, std::string_view check,
                                    std::string_view measurement) {
  std::vector<const Limit*> found;
  for (const Limit& limit : criteria.limits) {
    if (limit.check == check && limit.measurement == measurement) found.push_back(&limit);
  }
  return found;
}

Value bound_of(const Limit& limit) {
  return std::visit([](const auto& bound) { return Value(bound); }, limit.bound);
}

Mark mark_of(const Limit& limit, const Value& value, std::string_view unit) {
  const bool among_peers = limit.kind == LimitKind::peer_equal || limit.kind == LimitKind::peer_ratio;
  if (among_peers || unit != symbol(limit.unit)) return Mark::none;
  const Value bound = bound_of(limit);
  const auto* numeric_bound = std::get_if<double>(&bound);
  const auto* numeric = std::get_if<double>(&value);
  if (numeric_bound != nullptr && numeric != nullptr) return mark_of_number(limit, *numeric_bound, *numeric);
  return limit.kind == LimitKind::equal && value != bound ? Mark::outside : Mark::none;
}

std::string limit_text(const Labels& labels, const Limit& limit) {
  std::string text = relation_text(labels, name_of(limit.kind));
  if (limit.kind == LimitKind::peer_equal) return text;
  const bool ratio = limit.kind == LimitKind::peer_ratio;
  text += " " + with_unit(value_text(bound_of(limit)), ratio ? std::string_view("1") : symbol(limit.unit));
  if (limit.marginal_bound) {
    text += fmt::format(" ({} {})", labels(Label::marginal_band), number(*limit.marginal_bound));
  }
  return text;
}

std::string limit_text(const Labels& labels, const EvidenceItem& item) {
  if (!item.limit) return relation_text(labels, item.relation);
  const std::string bound = with_unit(value_text(*item.limit), item.unit);
  const auto of_peers = [&](std::string_view relation) {
    return fmt::format("{} {} {}", relation_text(labels, relation), bound, labels(Label::of_other_gpus));
  };
  if (item.relation == name_of(LimitKind::peer_ratio)) return of_peers(name_of(LimitKind::min));
  if (item.relation == name_of(LimitKind::peer_equal)) return of_peers(name_of(LimitKind::equal));
  return relation_text(labels, item.relation) + " " + bound;
}

std::string source_text(const Labels& labels, const Limit& limit) {
  return limit.date.empty() ? limit.source : limit.source + labels(Label::list_comma) + limit.date;
}

}  // namespace assay::reports
