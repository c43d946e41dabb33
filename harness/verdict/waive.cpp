// Waivers: for performance and for the condition of parts. Never for corruption, a device's fault, settings
// of the environment or absence.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

constexpr std::size_t kDateLength = 10;  // YYYY-MM-DD

bool matches(const Case& c, const Waiver& waiver, const Draft& draft) {
  const bool names_part = waiver.part == "*" || waiver.part == draft.part;
  if (waiver.finding != draft.code || !names_part) return false;
  const auto hardware = hardware_of(c.run, draft.part);
  return waiver.serial.empty() || std::any_of(hardware.begin(), hardware.end(), [&](const Hardware* unit) {
           return unit->serial == waiver.serial;
         });
}

std::string title(const Waiver& waiver, const Draft& draft) {
  return fmt::format("waiver of {} on {} ({}, {})", draft.code, draft.part, waiver.who, waiver.reason);
}

/// Why it does not apply; empty when it does.
std::string objection(const Case& c, const Waiver& waiver, const Draft& draft) {
  if (!is_waivable(draft.cls)) return fmt::format("{} is never waived", name_of(draft.cls));
  const std::string date = c.run.started.substr(0, kDateLength);
  const bool dated = date.size() == kDateLength && waiver.expires.size() == kDateLength;
  if (!dated) return "it cannot be dated";
  if (waiver.expires < date) return "it expired on " + waiver.expires;
  return {};
}

}  // namespace

void waive(const Case& c, std::vector<Draft>& drafts, std::vector<std::string>& notes) {
  for (Draft& draft : drafts) {
    for (const Waiver& waiver : c.criteria.waivers) {
      if (draft.severity == Severity::marginal || draft.severity == Severity::waived) break;
      if (!matches(c, waiver, draft)) continue;
      const std::string reason = objection(c, waiver, draft);
      if (reason.empty()) {
        draft.severity = Severity::waived;
        notes.push_back(fmt::format("{} until {}", title(waiver, draft), waiver.expires));
      } else {
        notes.push_back(fmt::format("{} does not apply: {}", title(waiver, draft), reason));
      }
    }
  }
}

}  // namespace assay::verdict
