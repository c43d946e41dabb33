// Criteria: everything the judge needs beside the records. A file of the run, with its own hash; another one
// can be given to judge the same records again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/finding_code.h"
#include "harness/model/manifest.h"
#include "harness/model/part.h"
#include "harness/model/units.h"

namespace assay {

enum class LimitKind {
  min,         // value >= bound
  max,         // value <= bound
  equal,       // value == bound
  one_of,      // all texts of the value (kTogether between them) are among those of the bound (kAlternative),
               // whatever the letters' case
  peer_equal,  // equal on all GPUs of the node
  peer_ratio,  // value >= bound x the median of the node's other GPUs; a violation is marginal where an
               // absolute limit holds
  peer_excess,  // value <= the median of the node's other GPUs + bound
};

/// Between the texts of a limit of kind one_of, and between those of a value.
inline constexpr const char *kAlternative = " or ", *kTogether = ", ";

/// What a node is that a profile is for: as it came, or at work for a while. What a GPU may have repaired in
/// service, a new one has not had to repair.
inline constexpr const char* kDelivered = "delivered";
inline constexpr const char* kInService = "in_service";

struct Limit {
  std::string check, measurement;
  LimitKind kind = LimitKind::min;
  std::variant<double, std::string> bound = 0.0;
  Unit unit = Unit::count;
  /// Values between `bound` and this are marginal. It lies above the bound of a min (below `bound` fails,
  /// from there up to this is marginal) and below the bound of a max (above `bound` fails, from there down to
  /// this is marginal).
  std::optional<double> marginal_bound;
  /// Of a check that has variants: which one; empty: each.
  std::string variant;
  /// Of telemetry: in steps of which check, where its steps must have the reading; empty: of all.
  std::string during;
  /// peer_ratio: a measure of telemetry that the value is compared at. Peers' values are first made what they
  /// would be if all were proportional to it; empty, or where a peer has no such reading: as they are.
  /// min: likewise of a GPU by itself, to what it would be `at` this much of it; without such a reading
  /// nothing is said.
  std::string per;
  double at = 0;  // in that measure's unit
  /// peer_excess: what the chassis makes the air of a slot warmer than others' (Criteria::warmer_air_c) is
  /// taken out before.
  bool less_air = false;
  /// peer_ratio: differences smaller than this (in `unit`) are never outliers.
  double scale_floor = 0;
  /// "delivered" or "in_service": judged in profiles for such nodes alone; empty: in all. Criteria have none:
  /// the profile has been looked at when they are made.
  std::string when;
  FindingCode finding;
  std::string source, date, reason, peak;

  /// Whether it is held against what a step of this check, in this variant, has measured.
  bool is_of(const std::string& step_check, const std::string& step_variant) const {
    return (variant.empty() || variant == step_variant) && (during.empty() || during == step_check);
  }

  friend bool operator==(const Limit&, const Limit&) = default;
};

/// What the profile requires of the SKU: these measurements of this check, on each of these parts.
struct RequiredMeasure {
  std::string name;
  Unit unit = Unit::count;
  std::string subcomponent;
  bool judged = true;
  std::vector<Part> parts;  // where they differ from the check's measured_parts
  bool numbered = false;    // subcomponents sm0, sm1, ... where it says "sm"; none is required
  bool may_lack = false;    // judged where it was measured; none is required
  std::string asked_by;     // who requires it beyond the SKU: "the site's file, [firmware]"
};
struct RequiredCheck {
  std::string check;
  std::vector<Part> parts;                // parts that have a step: gpu0.. or "node"
  std::vector<RequiredMeasure> measures;  // of each part in measured_parts
  std::vector<Part> measured_parts;  // scope gpu: the same as parts; node checks: every slot they look at
  int occurrences = 1;               // how many stages of the profile run it on each part
  bool follow_up = false;            // required only where the plan's condition has come true
};

/// Order is precedence. See configs/findings/.
enum class FindingClass {
  corruption,    // wrong data: REJECT, never waived
  device_fault,  // the device's own word, or its absence: REJECT, never waived
  incomplete,    // a harness fault, absence: INCONCLUSIVE
  environment,   // INCONCLUSIVE; excuses performance, nothing else
  condition,     // what a part or a link is, not how fast: REJECT, waivable, never excused
  performance,   // REJECT, waivable
};

/// Whether it says that something is wrong with a part, rather than with the run or what surrounds it.
bool accuses(FindingClass cls);

/// Whether a site may enter a waiver for it. What fell short can be agreed upon; what is broken, absent or
/// set wrongly is mended.
bool is_waivable(FindingClass cls);

enum class Action {
  none,
  rerun,
  fix_environment,
  reset,
  power_cycle,
  reseat,
  swap_test,
  field_diagnostics,
  return_part
};

/// On whom a finding is shown.
enum class Accused {
  part,  // the one that it was seen on
  harness,
  environment,
};

struct FindingKind {
  FindingCode code;
  FindingClass cls = FindingClass::incomplete;
  Accused accuses = Accused::part;
  std::string subcomponent;  // of the GPU that it was seen on, to which it belongs: "hbm"
  /// The first now; each next one if the finding comes again after the one before.
  std::vector<Action> actions;
  /// Codes that, found on the same unit (or on the node), make this one their consequence instead of an
  /// accusation.
  std::vector<FindingCode> explained_by;
  /// Of class environment: what half of the node's GPUs or more have in common, two at least, is not theirs.
  /// Then this one is found, too, and explains them. Empty: each is its own.
  FindingCode of_most;
  /// Texts by language: "en", "zh-CN". Placeholders {part} {serial} {slot} {pci} {check} {value} {limit}
  /// {unit} {detail} {culprit}.
  std::map<std::string, std::string> summary, next_step;
};

struct Waiver {
  FindingCode finding;
  Part part;                         // or "*"
  std::string serial;                // empty: any
  std::string reason, who, expires;  // YYYY-MM-DD, compared with the run's date
};

/// Version of criteria.json's form. 1: no follow-ups. 2: a finding has one action, and its code says whom it
/// accuses.
inline constexpr int kCriteriaSchema = 3;

struct Criteria {
  /// Of criteria in an older schema: the hash of what was read, by which their run knows them. Whoever
  /// changes the criteria clears it.
  std::string hash_as_read;
  std::string sku, profile;
  bool certifiable = true;
  std::vector<RequiredCheck> required;
  /// SHA-256 of the files that say what the numbers in the kernel's log mean: a run that goes on needs the
  /// same.
  std::vector<std::string> event_catalogue;
  Manifest manifest;  // what was to be delivered; empty: nobody has said
  std::vector<Limit> limits;
  std::vector<FindingKind> findings;
  std::vector<Waiver> waivers;
  /// By slot: by how much its air is warmer than that of the coolest, as the chassis has it (the site's).
  std::map<Part, double> warmer_air_c;
  /// What the site's file asks for and the SKU does not have, by "check/measurement": why it does not.
  std::map<std::string, std::string> unmet_wishes;
  std::vector<std::string>
      replaced_limits;  // "memory.bandwidth/copy_bandwidth min": by --limits, not the SKU's own
  /// "profile /tmp/acceptance.toml", "sku configs/skus/x.toml, not as shipped": configurations that are not
  /// those that Assay was shipped with.
  std::vector<std::string> not_as_shipped;
};

std::string_view name_of(LimitKind);
std::string_view name_of(FindingClass);
std::string_view name_of(Action);
std::string_view name_of(Accused);
std::optional<LimitKind> limit_kind_from(std::string_view);
std::optional<FindingClass> finding_class_from(std::string_view);
std::optional<Action> action_from(std::string_view);
std::optional<Accused> accused_from(std::string_view);
/// All of them, in the order of the enumeration.
std::vector<Action> all_actions();

/// By which a run knows its criteria: the content hash of criteria.json.
std::string hash_of(const Criteria& criteria);

const FindingKind* find_kind(const Criteria& criteria, const FindingCode& code);

void to_json(nlohmann::json& j, const Criteria& criteria);
void from_json(const nlohmann::json& j, Criteria& criteria);

}  // namespace assay
