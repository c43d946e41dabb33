// Which finding explains which: a cause is shown with its consequences beneath it, and they accuse nobody.
#include <functional>
#include <map>
#include <set>

#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

/// A link is as wide, and a VBIOS as old, whatever else goes on: only what is wrong with the part itself
/// tells why.
bool stands_beside(const Draft& cause, const Draft& effect) {
  return effect.cls == FindingClass::condition && !accuses(cause.cls);
}

bool can_explain(const Draft& cause, const Draft& effect) {
  return cause.severity != Severity::waived && !stands_beside(cause, effect);
}

bool leads_to(const std::vector<Draft>& drafts, std::size_t from, std::size_t to) {
  for (std::optional<std::size_t> at = from; at; at = drafts[*at].cause) {
    if (*at == to) return true;
  }
  return false;
}

/// Drafts by what makes one the cause of another, each list in precedence. There may be as many drafts as
/// values in the records, and each has few that come into question.
class Causes {
 public:
  explicit Causes(const std::vector<Draft>& drafts) : drafts_(drafts) {
    // What most GPUs have in common is known of these alone (common_causes.cpp): the others have no excuse.
    std::set<FindingCode> of_most;
    for (const Draft& draft : drafts) {
      if (draft.kind != nullptr && !draft.kind->of_most.empty()) of_most.insert(draft.kind->of_most);
    }
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      const Draft& draft = drafts[i];
      found_at_[{draft.code, draft.part}].push_back(i);
      add(by_code_[draft.code], i);
      if (draft.cls == FindingClass::environment && of_most.count(draft.code) == 0) add(environment_, i);
    }
  }

  /// The first in precedence that explains the effect.
  std::optional<std::size_t> of(std::size_t effect) const {
    const Draft& draft = drafts_[effect];
    std::optional<std::size_t> first;
    if (draft.severity == Severity::waived) return first;
    for (const Cause& known : draft.because) consider(found_at_, known, effect, first);
    if (draft.kind != nullptr) {
      for (const FindingCode& code : draft.kind->explained_by) {
        const auto found = by_code_.find(code);
        if (found != by_code_.end()) consider(found->second, effect, first);
      }
    }
    // A hot inlet, a foreign process, a lowered power cap: what was then measured says nothing of the part's
    // performance.
    if (draft.cls == FindingClass::performance) consider(environment_, effect, first);
    return first;
  }

 private:
  using Indices = std::vector<std::size_t>;
  struct ByUnit {
    std::map<Part, Indices> units;
    Indices node_level, shared, all;
  };

  void add(ByUnit& list, std::size_t index) {
    const Part unit = drafts_[index].part.unit();
    list.units[unit].push_back(index);
    if (unit.is_node_level()) list.node_level.push_back(index);
    if (unit.is_shared()) list.shared.push_back(index);
    list.all.push_back(index);
  }

  void consider(const ByUnit& causes, std::size_t effect, std::optional<std::size_t>& first) const {
    const Part& part = drafts_[effect].part;
    // What is seen at node level (a collective) may come from any unit, and its causes act on everything.
    if (part.unit().is_node_level()) return consider(causes.all, effect, first);
    consider(causes.node_level, effect, first);
    if (!part.unit().is_shared()) consider(causes.shared, effect, first);  // all GPUs hang on it
    consider(causes.units, part.unit(), effect, first);
    if (!part.is_pair()) return;
    // What is seen between two GPUs may come from either; what is wrong between them says nothing of one.
    for (const Part& unit : part.units()) consider(causes.units, unit, effect, first);
  }

  template <typename Map, typename Key>
  void consider(const Map& causes, const Key& key, std::size_t effect,
                std::optional<std::size_t>& first) const {
    const auto found = causes.find(key);
    if (found != causes.end()) consider(found->second, effect, first);
  }

  void consider(const Indices& causes, std::size_t effect, std::optional<std::size_t>& first) const {
    for (const std::size_t cause : causes) {
      if ((first && cause >= *first) || rank_of(drafts_[cause]) > rank_of(drafts_[effect])) return;
      if (!can_explain(drafts_[cause], drafts_[effect]) || leads_to(drafts_, cause, effect)) continue;
      first = cause;
      return;
    }
  }

  const std::vector<Draft>& drafts_;
  std::map<Cause, Indices> found_at_;
  std::map<FindingCode, ByUnit> by_code_;
  ByUnit environment_;
};

}  // namespace

void explain(std::vector<Draft>& drafts) {
  const Causes causes(drafts);
  // From the last in precedence: of two findings that name each other, the first stays, and never do both
  // vanish.
  for (std::size_t effect = drafts.size(); effect-- > 0;) drafts[effect].cause = causes.of(effect);
}

}  // namespace assay::verdict
