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

Phrase title(const Waiver& waiver, const Draft& draft) {
  return phrase("waiver of {} on {} ({}, {})", "对 {}（{}）的豁免（{}，{}）", draft.code, draft.part,
                waiver.who, waiver.reason);
}

/// Why it does not apply; empty when it does.
Phrase objection(const Case& c, const Waiver& waiver, const Draft& draft) {
  if (!is_waivable(draft.cls)) return phrase("{} is never waived", "{} 类不可豁免", name_of(draft.cls));
  const std::string date = c.run.started.substr(0, kDateLength);
  const bool dated = date.size() == kDateLength && waiver.expires.size() == kDateLength;
  if (!dated) return {"it cannot be dated", "无法确定日期"};
  if (waiver.expires < date) return phrase("it expired on {}", "已于 {} 到期", waiver.expires);
  return {};
}

}  // namespace

void waive(const Case& c, std::vector<Draft>& drafts, std::vector<Phrase>& notes) {
  for (Draft& draft : drafts) {
    for (const Waiver& waiver : c.criteria.waivers) {
      if (draft.severity == Severity::marginal || draft.severity == Severity::waived) break;
      if (!matches(c, waiver, draft)) continue;
      const Phrase reason = objection(c, waiver, draft), what = title(waiver, draft);
      if (reason.english.empty()) {
        draft.severity = Severity::waived;
        notes.push_back(
            phrase("{0} until {2}", "{1}，有效期至 {2}", what.english, what.chinese, waiver.expires));
      } else {
        notes.push_back(phrase("{0} does not apply: {2}", "{1}不适用：{3}", what.english, what.chinese,
                               reason.english, reason.chinese));
      }
    }
  }
}

}  // namespace assay::verdict
