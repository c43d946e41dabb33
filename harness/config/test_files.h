// For tests: TOML files that live as long as the test, and a vocabulary that no configuration can change.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/config/diagnostics.h"
#include "harness/config/vocabulary.h"

namespace assay::config {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "assay-config-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string write(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
    return file.string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

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
