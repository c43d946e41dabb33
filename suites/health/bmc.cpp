// What the node's management controller says of supplies and fans, and its event log since it was cleared
// last. Where it is not to be asked, nothing is said.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/check.h"

namespace assay {
namespace {

constexpr const char* kNode = "node";
/// A controller that has not been told the time counts from its start (IPMI 2.0, 37.1).
constexpr std::int64_t kFirstDate_s = 0x20000000;

std::string text_of(const BmcEvent& event) {
  const std::string when = event.time_s < kFirstDate_s ? "undated" : rfc3339(event.time_s * kSecond);
  return fmt::format("{} {} (sensor {:#04x})", when, event.what, event.sensor);
}

void run(Context& context) {
  Bmc& bmc = context.host().bmc();
  const auto status = chassis_status(bmc);
  if (status) {
    context.measure_at(kNode, "power_fault", status->power_fault || status->power_overload ? 1 : 0,
                       Unit::count);
    context.measure_at(kNode, "fan_fault", status->fan_fault ? 1 : 0, Unit::count);
  } else {
    context.log("the management controller does not say what state supplies and fans are in");
  }
  const auto log = event_log(bmc);
  if (!log) return;
  std::vector<std::string> lines;
  for (const BmcEvent& event : log->events) lines.push_back(text_of(event));
  context.measure_at(kNode, "events", static_cast<double>(log->events.size()), Unit::count);
  if (!lines.empty()) {
    context.evidence("bmc_event_log", {{"entries", log->entries}, {"cut", log->cut}, {"events", lines}});
    context.measure_at(kNode, kCulprit, "last in its event log: " + lines.back());
  }
}

const Registered health_bmc{{
    .name = "health.bmc",
    .summary = "Supplies and fans are sound, as the node's management controller has it",
    .scope = Scope::node,
    .measures =
        {
            {.name = "power_fault",
             .meaning = "1: a fault or an overload of the node's supply stands (IPMI, chassis status)",
             .of = Of::node,
             .may_lack = true},
            {.name = "fan_fault",
             .meaning = "1: a fault of a fan stands (IPMI, chassis status)",
             .of = Of::node,
             .may_lack = true},
            {.name = "events",
             .meaning =
                 "of the last events of supplies, fans, temperatures, memory, processors and buses since the "
                 "log was cleared, those that mean harm; at most 50",
             .judged = false,
             .of = Of::node,
             .may_lack = true},
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "the last of them",
             .judged = false,
             .of = Of::node,
             .may_lack = true},
        },
    .findings = {"environment.supply_fault", "environment.fan_fault"},
    .run = run,
    .detects =
        "a supply that failed or lost its input, a fan that stands still, as far as the controller tells",
    .misses = "a controller that cannot be asked from the node; sensors that only its maker's tool can read",
}};

}  // namespace
}  // namespace assay
