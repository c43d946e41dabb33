#include "harness/config/vocabulary.h"

#include <algorithm>
#include <filesystem>

#include "harness/config/findings.h"
#include "harness/config/paths.h"
#include "harness/model/telemetry_measures.h"

namespace assay::config {
namespace {

bool already_in(const Diagnostics& diagnostics, const Diagnostic& wanted) {
  return std::any_of(diagnostics.list().begin(), diagnostics.list().end(), [&](const Diagnostic& d) {
    return d.file == wanted.file && d.line == wanted.line && d.column == wanted.column &&
           d.message == wanted.message;
  });
}

}  // namespace

const Check* Vocabulary::check(std::string_view name) const {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [&](const Check& c) { return c.name == name; });
  return found == checks.end() ? nullptr : &*found;
}

const FindingKind* Vocabulary::finding(const FindingCode& code) const {
  const auto found =
      std::find_if(findings.begin(), findings.end(), [&](const FindingKind& f) { return f.code == code; });
  return found == findings.end() ? nullptr : &*found;
}

std::vector<std::string> Vocabulary::check_names() const {
  std::vector<std::string> list;
  for (const Check& check : checks) list.push_back(check.name);
  return list;
}

std::vector<std::string> Vocabulary::finding_codes() const {
  std::vector<std::string> list;
  for (const FindingKind& finding : findings) list.push_back(finding.code.text());
  return list;
}

Vocabulary shipped_vocabulary(Diagnostics& diagnostics) {
  Vocabulary vocabulary;
  vocabulary.checks = all_checks();
  Check sampler;
  sampler.name = kTelemetryCheck;
  sampler.measures = telemetry_measures();
  sampler.findings = telemetry_findings();
  vocabulary.checks.push_back(std::move(sampler));

  Diagnostics found;
  vocabulary.findings = load_findings((std::filesystem::path(configs_folder()) / "findings").string(), found);
  for (const Diagnostic& diagnostic : found.list()) {
    if (!already_in(diagnostics, diagnostic)) diagnostics.add(diagnostic);
  }
  return vocabulary;
}

const Measure* find_measure(const Check& check, std::string_view name) {
  const auto found = std::find_if(check.measures.begin(), check.measures.end(),
                                  [&](const Measure& measure) { return measure.name == name; });
  return found == check.measures.end() ? nullptr : &*found;
}

std::vector<std::string> measure_names(const Check& check) {
  std::vector<std::string> list;
  for (const Measure& measure : check.measures) list.push_back(measure.name);
  return list;
}

}  // namespace assay::config
