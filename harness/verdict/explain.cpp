// Which finding explains which: a cause is shown with its consequences beneath it, and they accuse nobody.
#include <algorithm>

#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

/// Causes at node level act on everything, and what is seen at node level (a collective) may come from any
/// unit.
bool is_node_level(std::string_view unit) {
  return unit == "node" || unit == "environment" || unit == "harness";
}

bool shares_unit(const Draft& a, const Draft& b) {
  const std::string_view unit_a = unit_of(a.part), unit_b = unit_of(b.part);
  return unit_a == unit_b || is_node_level(unit_a) || is_node_level(unit_b);
}

bool is_listed(const Draft& cause, const Draft& effect) {
  if (effect.kind == nullptr) return false;
  const auto& codes = effect.kind->explained_by;
  return std::find(codes.begin(), codes.end(), cause.code) != codes.end();
}

bool is_known(const Draft& cause, const Draft& effect) {
  return std::find(effect.because.begin(), effect.because.end(), Cause(cause.code, cause.part)) !=
         effect.because.end();
}

/// A hot inlet, a foreign process, a lowered power cap: what was then measured says nothing of the part's
/// performance.
bool excuses(const Draft& cause, const Draft& effect) {
  return cause.cls == FindingClass::environment && effect.cls == FindingClass::performance;
}

/// A link is as wide, and a VBIOS as old, whatever else goes on: only what is wrong with the part itself tells
/// why.
bool stands_beside(const Draft& cause, const Draft& effect) {
  return effect.cls == FindingClass::condition && !accuses(cause.cls);
}

bool can_explain(const Draft& cause, const Draft& effect) {
  if (cause.severity == Severity::waived || effect.severity == Severity::waived) return false;
  if (rank_of(cause) > rank_of(effect) || stands_beside(cause, effect)) return false;
  if (is_known(cause, effect)) return true;
  return shares_unit(cause, effect) && (is_listed(cause, effect) || excuses(cause, effect));
}

bool leads_to(const std::vector<Draft>& drafts, std::size_t from, std::size_t to) {
  for (std::optional<std::size_t> at = from; at; at = drafts[*at].cause) {
    if (*at == to) return true;
  }
  return false;
}

}  // namespace

void explain(std::vector<Draft>& drafts) {
  // From the last in precedence: of two findings that name each other, the first stays, and never do both
  // vanish.
  for (std::size_t effect = drafts.size(); effect-- > 0;) {
    for (std::size_t cause = 0; cause < drafts.size() && !drafts[effect].cause; ++cause) {
      if (leads_to(drafts, cause, effect)) continue;
      if (can_explain(drafts[cause], drafts[effect])) drafts[effect].cause = cause;
    }
  }
}

}  // namespace assay::verdict
