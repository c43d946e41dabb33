#include "harness/config/fault.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/config/fault_reader.h"
#include "harness/config/test_files.h"

namespace assay::config {
namespace {

const std::string kExpect = "[expect]\nverdict = \"REJECT\"\ncode = \"memory.slow\"\npart = \"gpu6/hbm\"\n";

/// Lines: 1 summary, 2 [fault], 3 kind, 4 part, 5 on: `rest`.
std::string file(const std::string& kind, const std::string& part, const std::string& rest) {
  return "summary = \"s\"\n[fault]\nkind = \"" + kind + "\"\npart = \"" + part + "\"\n" + rest + kExpect;
}

Fault read(const std::string& content, const std::string& settings, std::string* errors) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  Fault fault = read_fault(folder.write("mine.toml", content) + settings, test_vocabulary(), diagnostics);
  *errors = errors_of(diagnostics);
  return fault;
}

std::string errors_of_fault(const std::string& content, const std::string& settings = "") {
  std::string errors;
  read(content, settings, &errors);
  return errors;
}

const std::string kSlow = file("hbm_slow", "gpu6/hbm", "[fault.parameters]\nfactor = \"0.7 ratio\"\n");
const std::string kDouble = file("hbm_double_bit", "gpu6/hbm", "");

TEST(Fault, IsReadWholeWithDefaults) {
  std::string errors;
  const Fault slow = read(kSlow, "", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(slow.name, "mine");
  EXPECT_EQ(slow.kind, "hbm_slow");
  EXPECT_EQ(slow.part, "gpu6/hbm");
  EXPECT_EQ(slow.parameters, (std::map<std::string, double>{{"factor", 0.7}}));
  EXPECT_EQ(slow.expect.verdict, "REJECT");
  EXPECT_EQ(slow.expect.code, "memory.slow");
  EXPECT_EQ(slow.expect.part, "gpu6/hbm");

  const Fault twice = read(kDouble, "", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(twice.parameters.size(), 3u);
  EXPECT_NE(twice.parameters.at("bit"), twice.parameters.at("second_bit"));
}

TEST(Fault, SettingsReplaceTheFile) {
  std::string errors;
  const Fault fault = read(kSlow, ":factor=0.5,part=gpu2/hbm", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(fault.parameters.at("factor"), 0.5);
  EXPECT_EQ(fault.part, "gpu2/hbm");
  EXPECT_EQ(fault.expect.part, "gpu2/hbm");  // moves along
  EXPECT_EQ(read(kSlow, ":factor=0.5 ratio", &errors).parameters.at("factor"), 0.5);
  EXPECT_EQ(errors, "");
}

TEST(Fault, ATextMayHaveCommas) {
  std::string errors;
  const std::string content = file("kernel_line", "gpu6", "");
  const Fault fault =
      read(content, ":line=NVRM: Xid (PCI:{pci}): 79, pid={pid}, gone,lines=3,part=gpu2", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(fault.texts.at("line"), "NVRM: Xid (PCI:{pci}): 79, pid={pid}, gone");
  EXPECT_EQ(fault.parameters.at("lines"), 3);
  EXPECT_EQ(fault.part, "gpu2");
}

TEST(Fault, AnAnswerCannotEndBeforeItBegins) {
  EXPECT_NE(errors_of_fault(file("nvml_answer", "gpu6", "[fault.parameters]\nfrom = 5\nto = 2\n")), "");
  EXPECT_NE(errors_of_fault(file("nvml_answer", "gpu6", "[fault.parameters]\nerror = \"gone\"\n")), "");
  EXPECT_EQ(errors_of_fault(file("nvml_answer", "gpu6", "[fault.parameters]\nfrom = 5\nto = 5\n")), "");
}

TEST(Fault, AnExpectationElsewhereStays) {
  std::string errors;
  const std::string content =
      "summary = \"s\"\n[fault]\nkind = \"worker_crash\"\npart = \"gpu7\"\n[expect]\nverdict = "
      "\"INCONCLUSIVE\"\n"
      "code = \"harness.worker_crashed\"\npart = \"harness\"\n";
  EXPECT_EQ(read(content, ":part=gpu1,signal=6", &errors).expect.part, "harness");
  EXPECT_EQ(errors, "");
}

TEST(Fault, SettingsThatAreWrong) {
  EXPECT_EQ(errors_of_fault(kSlow, ":facto=0.5"),
            "0:0: hbm_slow has no parameter 'facto'; did you mean 'factor'?\n");
  EXPECT_EQ(errors_of_fault(kSlow, ":factor=2"),
            "0:0: 'factor' must be from 0.3 to 0.99 ratio, not 2 ratio\n");
  EXPECT_EQ(errors_of_fault(kSlow, ":factor=fast"),
            "0:0: \"fast\" does not begin with a number and one space: ratio is expected, such as \"0.97 "
            "ratio\"\n");
  EXPECT_EQ(errors_of_fault(kSlow, ":part=gpu6"),
            "0:0: hbm_slow is planted in a gpu/hbm, such as \"gpu3/hbm\", not in 'gpu6'\n");
  EXPECT_EQ(errors_of_fault(kSlow, ":factor"), "0:0: 'factor' is no key=value\n");
  EXPECT_EQ(errors_of_fault(kSlow, ":"), "0:0: '' is no key=value\n");
  EXPECT_EQ(errors_of_fault(kDouble, ":bit=1.5"),
            "0:0: 'bit' must be a whole number from 0 to 255, not 1.5\n");
  EXPECT_EQ(errors_of_fault(kDouble, ":bit=4,second_bit=4"),
            "0:0: 'second_bit' must be another bit than 'bit': the same one flipped twice is no error\n");
  EXPECT_EQ(errors_of_fault(kDouble, ":bit=x"), "0:0: 'bit' must be a number, not \"x\"\n");
}

TEST(Fault, FilesThatAreWrong) {
  EXPECT_EQ(errors_of_fault(file("hbm_slwo", "gpu6/hbm", "[fault.parameters]\nx = 1\n")),
            "3:8: there is no kind of fault 'hbm_slwo'; did you mean 'hbm_slow'?\n");
  EXPECT_EQ(
      errors_of_fault(file("gpu_missing", "gpu6/hbm", "[fault.parameters]\nbit = 1\n")),
      "4:8: gpu_missing is planted in a gpu, such as \"gpu3\", not in 'gpu6/hbm'\n6:1: unknown key 'bit'\n");
  EXPECT_EQ(errors_of_fault(file("hbm_slow", "gpu6/hbm", "[fault.parameters]\nfactor = \"0.1 ratio\"\n")),
            "6:10: 'factor' must be from 0.3 to 0.99 ratio, not 0.1 ratio\n");
  EXPECT_EQ(errors_of_fault(
                "summary = \"s\"\n[fault]\nkind = \"hbm_slow\"\npart = \"gpu6/hbm\"\n[expect]\nverdict = "
                "\"REJECTED\"\ncode = \"memory.slo\"\npart = \"GPU\"\n"),
            "6:11: there is no verdict 'REJECTED'; did you mean 'REJECT'?\n"
            "7:8: there is no finding 'memory.slo'; did you mean 'memory.slow'?\n"
            "8:8: 'GPU' is no part, such as \"gpu3/hbm\"\n");
}

TEST(Fault, MissingFileNamesTheNearest) {
  Diagnostics diagnostics;
  read_fault("slow-hmb", test_vocabulary(), diagnostics);
  ASSERT_EQ(diagnostics.list().size(), 1u);
  EXPECT_EQ(diagnostics.list()[0].message, "there is no such file; did you mean 'slow-hbm'?");
}

TEST(FaultKinds, AreConsistent) {
  std::set<std::string> names;
  for (const FaultKind& kind : fault_kinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    const std::set<std::string> targets{"gpu", "gpu/hbm", "gpu/l2", "nvswitch", "node"};
    EXPECT_EQ(targets.count(kind.target), 1u) << kind.name;
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
    for (const FaultParameter& parameter : kind.parameters) {
      EXPECT_LE(parameter.minimum, parameter.fallback) << kind.name << " " << parameter.name;
      EXPECT_LE(parameter.fallback, parameter.maximum) << kind.name << " " << parameter.name;
      EXPECT_FALSE(parameter.meaning.empty()) << kind.name << " " << parameter.name;
    }
  }
}

}  // namespace
}  // namespace assay::config
