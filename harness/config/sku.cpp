#include "harness/config/sku.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "harness/config/limits.h"
#include "harness/config/nearest.h"
#include "harness/config/paths.h"
#include "harness/config/reader.h"
#include "harness/config/sku_reader.h"
#include "harness/config/speed_file.h"
#include "harness/model/telemetry_measures.h"

namespace assay::config {
namespace {

constexpr int kMostSwitches = 64;
/// More than eight of NCCL's ranks on one GPU have never been seen to work.
constexpr int kMostRanksPerGpu = 8;

std::vector<Slot> read_slots(Table& root) {
  std::vector<Slot> slots;
  std::vector<Table> tables = root.tables("slots");
  for (Table& table : tables) {
    Slot slot;
    slot.part = table.text("part");
    slot.module_id = static_cast<int>(table.integer("module_id", 0, kHighestModuleId));
    const auto number = slot.part.gpu_slot();
    if (!slot.part.empty() && (!number || slot.part != Part::gpu(*number))) {
      table.error("part", fmt::format("'{}' is no slot, such as \"gpu3\"", slot.part));
    }
    for (const Slot& earlier : slots) {
      if (earlier.part == slot.part)
        table.error("part", fmt::format("the slot '{}' is there twice", slot.part));
      if (earlier.module_id == slot.module_id) {
        table.error("module_id",
                    fmt::format("{} has the module id {} already", earlier.part, slot.module_id));
      }
    }
    if (tables.size() > 1 && slot.module_id == 0) {
      table.error("module_id", "a node with several slots must tell each by its module id, from 1 up");
    }
    slots.push_back(std::move(slot));
  }
  if (slots.empty()) root.error("a SKU has at least one [[slots]]");
  return slots;
}

/// Its own, and those of `base` that it does not name anew.
std::vector<Peak> read_peaks(Table& root, std::vector<Peak> base) {
  std::vector<Peak> peaks;
  const auto is_named = [&](const std::string& name) {
    return std::any_of(peaks.begin(), peaks.end(), [&](const Peak& peak) { return peak.name == name; });
  };
  for (Table& table : root.tables("peaks")) {
    Peak peak;
    peak.name = table.text("name");
    if (const auto quantity = table.any_quantity("value")) {
      peak.value = quantity->value;
      peak.unit = quantity->unit;
      if (peak.value <= 0) table.error("value", "a peak is above 0");
    }
    peak.source = table.text("source");
    peak.date = table.date("date");
    if (is_named(peak.name)) table.error("name", fmt::format("the peak '{}' is there twice", peak.name));
    peaks.push_back(std::move(peak));
  }
  std::copy_if(base.begin(), base.end(), std::back_inserter(peaks),
               [&](const Peak& peak) { return !is_named(peak.name); });
  return peaks;
}

/// "check", "check.variant" or "check/measurement".
void require_known(Table& root, const Entry& entry, const Vocabulary& vocabulary) {
  const auto slash = entry.key.find('/');
  const std::string subject = entry.key.substr(0, slash);
  if (slash == std::string::npos && subject != kTelemetryCheck) {
    for (const Check& check : vocabulary.checks) {
      if (subject == check.name) return;
      for (const Variant& variant : check.variants) {
        if (subject == check.name + "." + variant.name) return;
      }
    }
    root.error(entry.position, fmt::format("'{}' is no check, variant of one or \"check/measurement\"{}",
                                           entry.key, suggestion(subject, vocabulary.check_names())));
    return;
  }
  const std::string measurement = slash == std::string::npos ? "" : entry.key.substr(slash + 1);
  const Check* check = vocabulary.check(subject);
  if (check == nullptr) {
    root.error(entry.position,
               fmt::format("'{}' is no \"check/measurement\": there is no check '{}'{}", entry.key, subject,
                           suggestion(subject, vocabulary.check_names())));
  } else if (find_measure(*check, measurement) == nullptr) {
    root.error(entry.position, fmt::format("{} has no measurement '{}'{}", subject, measurement,
                                           suggestion(measurement, measure_names(*check))));
  }
}

/// Whether the SKU cannot have what the limit is of.
bool is_of_absent(const Limit& limit, const std::map<std::string, std::string>& not_available) {
  const auto absent = [&](const std::string& key) { return not_available.count(key) != 0; };
  return absent(limit.check) || absent(limit.check + "/" + limit.measurement) ||
         (!limit.variant.empty() && absent(limit.check + "." + limit.variant));
}

std::map<std::string, std::string> read_not_available(Table& root, const Vocabulary& vocabulary,
                                                      const std::vector<Limit>& limits) {
  std::map<std::string, std::string> reasons;
  for (const Entry& entry : root.texts_by_name("not_available")) {
    require_known(root, entry, vocabulary);
    const bool limited = std::any_of(limits.begin(), limits.end(), [&](const Limit& limit) {
      return is_of_absent(limit, {{entry.key, entry.value}});
    });
    if (limited)
      root.error(entry.position, fmt::format("'{}' has a limit, so it must be available", entry.key));
    reasons[entry.key] = entry.value;
  }
  return reasons;
}

int read_ranks_per_gpu(Table& root, bool certifiable) {
  if (!root.has("ranks_per_gpu")) return 1;
  const auto ranks = static_cast<int>(root.integer("ranks_per_gpu", 1, kMostRanksPerGpu));
  if (ranks > 1 && certifiable)
    root.error("ranks_per_gpu",
               "collectives among ranks that share a GPU show nothing of links: such a SKU is "
               "not certifiable");
  return ranks;
}

/// Each of `own` replaces the limit of the same subject, or is added.
std::vector<Limit> merged(std::vector<Limit> limits, std::vector<Limit> own) {
  for (Limit& limit : own) {
    const auto replaced = std::find_if(limits.begin(), limits.end(),
                                       [&](const Limit& given) { return same_subject(given, limit); });
    if (replaced != limits.end()) {
      *replaced = std::move(limit);
    } else {
      limits.push_back(std::move(limit));
    }
  }
  return limits;
}

void read_speed(Table& root, Sku& sku, Diagnostics& diagnostics) {
  const std::string name = root.name_in("speed", "speed", names("speeds"));
  if (name.empty()) return;
  sku.speed = load_speed(resolve("speeds", name), diagnostics);
}

void read_settling(Table& root, Settling& settling) {
  constexpr int kMostLooks = 1000;
  auto table = root.optional_table("nvlinks");
  if (!table) return;
  settling.most_s = table->quantity("settle_within", Unit::seconds);
  settling.looks = static_cast<int>(table->integer("looks", 1, kMostLooks));
  table->text("source");
  table->date("date");
  if (settling.most_s < 0) table->error("settle_within", "it lies ahead: at least 0 s");
}

enum class Role { whole, base };

Sku read(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics, Role role);

/// `limits_from`: the SKU whose peaks and limits hold here too.
Sku read_base(TomlFile& file, Table& root, const Vocabulary& vocabulary, Diagnostics& diagnostics,
              Role role) {
  if (!root.has("limits_from")) return {};
  if (role == Role::base) {
    root.error("limits_from", "a SKU that others take limits from cannot take them from a third");
    return {};
  }
  const std::string name = root.name_in("limits_from", "SKU", names_in(file.folder()));
  if (name.empty()) return {};
  return read((std::filesystem::path(file.folder()) / (name + ".toml")).string(), vocabulary, diagnostics,
              Role::base);
}

Sku read(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics, Role role) {
  Sku sku;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return sku;
  Table root = file.root();
  Sku base = read_base(file, root, vocabulary, diagnostics, role);
  sku.name = file.stem();
  sku.files = std::move(base.files);
  sku.files.insert(sku.files.begin(), file.source());
  sku.summary = root.text("summary");
  sku.certifiable = root.flag("certifiable");
  sku.nvswitches = static_cast<int>(root.integer("nvswitches", 0, kMostSwitches));
  sku.ranks_per_gpu = read_ranks_per_gpu(root, sku.certifiable);
  read_settling(root, sku.settling);
  read_speed(root, sku, diagnostics);
  sku.slots = read_slots(root);
  sku.peaks = read_peaks(root, std::move(base.peaks));
  std::vector<Limit> own = read_limits(root, vocabulary, sku.peaks);
  sku.not_available = read_not_available(root, vocabulary, own);
  base.limits.erase(
      std::remove_if(base.limits.begin(), base.limits.end(),
                     [&](const Limit& limit) { return is_of_absent(limit, sku.not_available); }),
      base.limits.end());
  sku.limits = merged(std::move(base.limits), std::move(own));
  return sku;
}

}  // namespace

Sku read_sku(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics) {
  return read(path, vocabulary, diagnostics, Role::whole);
}

std::vector<Limit> read_limits_file(const std::string& path, const Sku& sku, const Vocabulary& vocabulary,
                                    Diagnostics& diagnostics) {
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return {};
  Table root = file.root();
  std::vector<Limit> own = read_limits(root, vocabulary, sku.peaks);
  if (own.empty()) root.error("a file of limits has at least one [[limits]]");
  return own;
}

const std::string* why_not_run(const Sku& sku, const std::string& check, const std::string& variant) {
  for (const std::string& key : {check, check + "." + variant}) {
    const auto found = sku.not_available.find(key);
    if (found != sku.not_available.end()) return &found->second;
  }
  return nullptr;
}

Sku load_sku(const std::string& path, Diagnostics& diagnostics) {
  return read_sku(path, shipped_vocabulary(diagnostics), diagnostics);
}

std::vector<Limit> load_limits(const std::string& path, const Sku& sku, Diagnostics& diagnostics) {
  return read_limits_file(path, sku, shipped_vocabulary(diagnostics), diagnostics);
}

}  // namespace assay::config
