// For tests: a vocabulary that no configuration can change.
#pragma once

#include <string>

#include "harness/config/diagnostics.h"
#include "harness/config/vocabulary.h"
#include "harness/testing/scratch_folder.h"

namespace assay::config {

using testing_tools::ScratchFolder;

/// The errors as "line:column: message", without the file.
inline std::string errors_of(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics.list()) {
    text += std::to_string(d.line) + ":" + std::to_string(d.column) + ": " + d.message + "\n";
  }
  return text;
}

/// One check with a measure of every kind of unit, "telemetry", and a finding of every class.
inline Vocabulary test_vocabulary() {
  Vocabulary vocabulary;
  Check check;
  check.name = "memory.bandwidth";
  check.measures = {{"copy_bandwidth", Unit::gb_per_s, ""},
                    {"bad_words", Unit::count, ""},
                    {"name", Unit::text, ""},
                    {"power", Unit::watts, ""}};
  check.findings = {"memory.slow", "memory.miscompare"};
  check.variants = {{"near", {}}, {"far", {}}};
  Check sampler;
  sampler.name = "telemetry";
  sampler.findings = {"device.xid"};
  sampler.measures = {{"xid_count", Unit::count, ""}};
  vocabulary.checks = {check, sampler};
  const auto finding = [](const char* code, FindingClass cls) {
    FindingKind kind;
    kind.code = code;
    kind.cls = cls;
    return kind;
  };
  vocabulary.findings = {finding("memory.miscompare", FindingClass::corruption),
                         finding("device.xid", FindingClass::device_fault),
                         finding("harness.worker_crashed", FindingClass::incomplete),
                         finding("environment.not_idle", FindingClass::environment),
                         finding("pcie.width", FindingClass::condition),
                         finding("memory.slow", FindingClass::performance)};
  return vocabulary;
}

}  // namespace assay::config
