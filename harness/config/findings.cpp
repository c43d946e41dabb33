#include "harness/config/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "harness/config/nearest.h"
#include "harness/config/paths.h"
#include "harness/config/reader.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kPlaceholders{"part",  "serial", "slot",        "pci",    "check",  "value",
                                             "limit", "unit",   "measurement", "detail", "culprit"};

/// A finding with what is needed to report an error of it after all files are read.
struct Located {
  FindingKind kind;
  Position position;
  std::vector<Entry> explained_by;
  TomlFile* file;
};

template <typename Enum>
std::vector<std::string> names_of(const std::vector<Enum>& values) {
  std::vector<std::string> list;
  for (const Enum value : values) list.emplace_back(name_of(value));
  return list;
}

void check_placeholders(Table& texts, const std::string& language, const std::string& text) {
  std::size_t at = 0;
  while ((at = text.find_first_of("{}", at)) != std::string::npos) {
    const std::size_t end = text[at] == '{' ? text.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      texts.error(language, fmt::format("'{}' has a brace without its partner", language));
      return;
    }
    const std::string name = text.substr(at + 1, end - at - 1);
    if (std::find(kPlaceholders.begin(), kPlaceholders.end(), name) == kPlaceholders.end()) {
      texts.error(language,
                  fmt::format("there is no placeholder '{}'{}", name, suggestion(name, kPlaceholders)));
    }
    at = end + 1;
  }
}

std::map<std::string, std::string> read_texts(Table& table, const std::string& key) {
  std::map<std::string, std::string> by_language;
  auto texts = table.table(key);
  if (!texts) return by_language;
  for (const char* language : {"en", "zh-CN"}) {
    by_language[language] = texts->text(language);
    check_placeholders(*texts, language, by_language[language]);
  }
  return by_language;
}

Located read_finding(const std::string& code, Table& table, TomlFile& file) {
  static const auto kClasses =
      names_of<FindingClass>({FindingClass::corruption, FindingClass::device_fault, FindingClass::incomplete,
                              FindingClass::environment, FindingClass::condition, FindingClass::performance});
  static const auto kActions = names_of<Action>(all_actions());
  static const auto kAccused = names_of<Accused>({Accused::part, Accused::harness, Accused::environment});
  Located found{{}, table.position(), table.texts("explained_by"), &file};
  found.kind.code = code;
  if (!found.kind.code.is_valid()) table.error(fmt::format("'{}' is no code, such as \"memory.slow\"", code));
  found.kind.cls =
      finding_class_from(table.name_in("class", "class", kClasses)).value_or(FindingClass::incomplete);
  if (table.has("accuses"))
    found.kind.accuses = accused_from(table.name_in("accuses", "accused", kAccused)).value_or(Accused::part);
  if (table.has("subcomponent")) found.kind.subcomponent = table.text("subcomponent");
  if (!Part("gpu0").below(found.kind.subcomponent).is_valid())
    table.error("subcomponent",
                fmt::format("'{}' is no subcomponent, such as \"hbm\"", found.kind.subcomponent));
  if (found.kind.accuses != Accused::part && accuses(found.kind.cls))
    table.error("accuses", fmt::format("what is of class {} accuses a part", name_of(found.kind.cls)));
  if (found.kind.accuses == Accused::part && accused_from(found.kind.code.area()))
    table.error(fmt::format("'{}' must say whom it accuses", code));
  for (const Entry& entry : table.texts("actions")) {
    const auto action = action_from(entry.value);
    if (!action)
      file.error(entry.position,
                 fmt::format("there is no action '{}'{}", entry.value, suggestion(entry.value, kActions)));
    found.kind.actions.push_back(action.value_or(Action::none));
  }
  if (found.kind.actions.empty()) table.error("'actions' must name what to do, at least one");
  for (const Entry& entry : found.explained_by) found.kind.explained_by.push_back(entry.value);
  if (table.has("of_most")) found.kind.of_most = table.text("of_most");
  found.kind.summary = read_texts(table, "summary");
  found.kind.next_step = read_texts(table, "next_step");
  return found;
}

/// What is explained accuses nobody. So a finding that stands whatever else broke is explained by another
/// such one only, what a part is by no surroundings, and absence by nothing that can be waived: the waiver
/// would let the node pass.
bool may_explain(FindingClass cause, FindingClass consequence) {
  const auto stands = [](FindingClass cls) {
    return cls == FindingClass::corruption || cls == FindingClass::device_fault;
  };
  if (stands(consequence)) return stands(cause);
  if (consequence == FindingClass::condition) return stands(cause) || cause == FindingClass::condition;
  return consequence == FindingClass::performance || !is_waivable(cause);
}

const FindingKind* find(const std::vector<Located>& all, const FindingCode& code) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Located& l) { return l.kind.code == code; });
  return found == all.end() ? nullptr : &found->kind;
}

/// True where following explained_by from `code` leads to `target`.
bool leads_to(const std::vector<Located>& all, const FindingCode& code, const FindingCode& target,
              std::set<FindingCode>& seen) {
  const FindingKind* kind = find(all, code);
  if (kind == nullptr || !seen.insert(code).second) return false;
  return std::any_of(kind->explained_by.begin(), kind->explained_by.end(), [&](const FindingCode& next) {
    return next == target || leads_to(all, next, target, seen);
  });
}

/// Two findings that explain each other would accuse nobody.
void check_explanations(const std::vector<Located>& all) {
  std::vector<std::string> codes;
  for (const Located& located : all) codes.push_back(located.kind.code.text());
  for (const Located& located : all) {
    for (const Entry& entry : located.explained_by) {
      const FindingKind* cause = find(all, entry.value);
      std::set<FindingCode> seen;
      if (cause == nullptr) {
        located.file->error(entry.position, fmt::format("there is no finding '{}'{}", entry.value,
                                                        suggestion(entry.value, codes)));
      } else if (entry.value == located.kind.code || leads_to(all, entry.value, located.kind.code, seen)) {
        located.file->error(entry.position,
                            fmt::format("'{}' and '{}' explain each other: neither would accuse",
                                        located.kind.code, entry.value));
      } else if (!may_explain(cause->cls, located.kind.cls)) {
        located.file->error(
            entry.position,
            fmt::format("'{}' of class {} cannot be explained by '{}' of class {}", located.kind.code,
                        name_of(located.kind.cls), entry.value, name_of(cause->cls)));
      }
    }
  }
}

/// What surrounds the node excuses performance, and nothing else.
void check_common_causes(const std::vector<Located>& all) {
  for (const Located& located : all) {
    const FindingKind& kind = located.kind;
    if (kind.of_most.empty()) continue;
    const FindingKind* common = find(all, kind.of_most);
    if (common == nullptr) {
      located.file->error(located.position, fmt::format("there is no finding '{}'", kind.of_most));
    } else if (common->cls != FindingClass::environment || kind.cls != FindingClass::performance) {
      located.file->error(
          located.position,
          fmt::format("'of_most' takes a finding of class {} to one of class {}",
                      name_of(FindingClass::performance), name_of(FindingClass::environment)));
    }
  }
}

}  // namespace

std::vector<FindingKind> load_findings(const std::string& folder, Diagnostics& diagnostics,
                                       std::vector<SourceFile>* sources) {
  std::vector<std::unique_ptr<TomlFile>> files;
  std::vector<Located> all;
  for (const std::string& name : names_in(folder)) {
    files.push_back(std::make_unique<TomlFile>((fs::path(folder) / (name + ".toml")).string(), diagnostics));
    TomlFile& file = *files.back();
    if (!file.parsed()) continue;
    if (sources != nullptr) sources->push_back(file.source());
    Table root = file.root();
    for (auto& [code, table] : root.tables_by_name("findings")) {
      if (find(all, code) != nullptr)
        table.error(fmt::format("'{}' is there twice: in another file too", code));
      all.push_back(read_finding(code, table, file));
    }
  }
  if (files.empty()) diagnostics.add({folder, 0, 0, "there are no findings here"});
  check_explanations(all);
  check_common_causes(all);

  std::vector<FindingKind> kinds;
  for (Located& located : all) kinds.push_back(std::move(located.kind));
  return kinds;
}

}  // namespace assay::config
