#include "reports/view/limits.h"

#include "harness/model/grade.h"
#include "harness/model/units.h"
#include "reports/format.h"

namespace assay::reports {
std::vector<const Limit*> limits_of(const Criteria& criteria, std::string_view check,
                                    std::string_view measurement, const std::string& step_check,
                                    const std::string& step_variant) {
  std::vector<const Limit*> found;
  for (const Limit& limit : criteria.limits) {
    if (limit.check == check && limit.measurement == measurement && limit.is_of(step_check, step_variant))
      found.push_back(&limit);
  }
  return found;
}

Mark mark_of(const Limit& limit, const Value& value, std::string_view unit) {
  const bool as_it_is = !is_peer(limit.kind) && limit.per.empty();
  if (!as_it_is || unit != symbol(limit.unit)) return Mark::none;
  switch (grade(limit, value)) {
    case Grade::fail:
      return Mark::outside;
    case Grade::marginal:
      return Mark::marginal;
    case Grade::pass:
      break;
  }
  return Mark::none;
}

std::string limit_text(const Labels& labels, const Limit& limit) {
  std::string text = relation_text(labels, name_of(limit.kind));
  if (limit.kind == LimitKind::peer_equal) return text;
  const bool ratio = limit.kind == LimitKind::peer_ratio;
  text += " " + with_unit(value_text(bound_of(limit)), ratio ? std::string_view("1") : symbol(limit.unit));
  if (limit.at > 0)
    text += fmt::format(" @ {} = {}", limit.per, number(limit.at));
  else if (!limit.per.empty())
    text += " / " + limit.per;
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
  if (item.relation == name_of(LimitKind::peer_excess)) return of_peers(name_of(LimitKind::max));
  if (item.relation == name_of(LimitKind::peer_equal)) return of_peers(name_of(LimitKind::equal));
  return relation_text(labels, item.relation) + " " + bound;
}

std::string source_text(const Labels& labels, const Limit& limit) {
  const std::string source = labels.source(limit.source);
  return limit.date.empty() ? source : source + labels(Label::list_comma) + limit.date;
}

}  // namespace assay::reports
