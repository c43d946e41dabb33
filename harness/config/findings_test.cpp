#include "harness/config/findings.h"

#include <gtest/gtest.h>

#include "harness/config/test_files.h"

namespace assay::config {
namespace {

std::string finding(const std::string& code, const std::string& cls, const std::string& more = "",
                    const std::string& summary = "s") {
  return "[findings.\"" + code + "\"]\nclass = \"" + cls + "\"\nactions = [\"reset\"]\n" + more +
         "\nsummary.en = \"" + summary +
         "\"\nsummary.zh-CN = \"z\"\nnext_step.en = \"n\"\nnext_step.zh-CN = \"m\"\n";
}

std::string errors_of_findings(const std::string& content, std::vector<FindingKind>* kinds = nullptr) {
  const ScratchFolder folder;
  folder.write("a.toml", content);
  Diagnostics diagnostics;
  auto loaded = load_findings(folder.path().string(), diagnostics);
  if (kinds != nullptr) *kinds = std::move(loaded);
  return errors_of(diagnostics);
}

TEST(Findings, AreReadWhole) {
  std::vector<FindingKind> kinds;
  EXPECT_EQ(
      errors_of_findings(finding("a.one", "device_fault") +
                             finding("a.two", "incomplete", "explained_by = [\"a.one\"]", "{part} {detail}"),
                         &kinds),
      "");
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].code, "a.one");
  EXPECT_EQ(kinds[0].cls, FindingClass::device_fault);
  EXPECT_EQ(kinds[0].actions, std::vector{Action::reset});
  EXPECT_EQ(kinds[1].explained_by, std::vector<FindingCode>{"a.one"});
  EXPECT_EQ(kinds[1].summary.at("en"), "{part} {detail}");
  EXPECT_EQ(kinds[1].next_step.at("zh-CN"), "m");
}

TEST(Findings, WrongPlaceholder) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "incomplete", "", "{prat}")),
            "5:14: there is no placeholder 'prat'; did you mean 'part'?\n");
  EXPECT_EQ(errors_of_findings(finding("a.one", "incomplete", "", "{part")),
            "5:14: 'en' has a brace without its partner\n");
}

TEST(Findings, WrongClassActionAndCode) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "incomplet")),
            "2:9: there is no class 'incomplet'; did you mean 'incomplete'?\n");
  EXPECT_EQ(errors_of_findings(finding("A-one", "incomplete")),
            "1:1: 'A-one' is no code, such as \"memory.slow\"\n");
}

TEST(Findings, MissingLanguage) {
  EXPECT_EQ(errors_of_findings(
                "[findings.\"a.one\"]\nclass = \"incomplete\"\nactions = [\"none\"]\nsummary.en = \"s\"\n"
                "summary.zh-CN = \"z\"\n[findings.\"a.one\".next_step]\nen = \"n\"\n"),
            "6:1: required key 'zh-CN' is missing\n");
}

TEST(Findings, WhomTheyAccuseIsPlausible) {
  const auto has = [](const std::string& errors, const char* what) {
    return errors.find(what) != std::string::npos;
  };
  EXPECT_TRUE(
      has(errors_of_findings(finding("a.one", "corruption", "accuses = \"harness\"")), "accuses a part"));
  EXPECT_TRUE(has(errors_of_findings(finding("harness.one", "incomplete")), "must say whom it accuses"));
  EXPECT_TRUE(
      has(errors_of_findings(finding("a.one", "corruption", "subcomponent = \"HBM\"")), "no subcomponent"));
  EXPECT_EQ(errors_of_findings(finding("harness.one", "incomplete", "accuses = \"harness\"")), "");
}

TEST(Findings, ActionsAreKnownAndThereIsOne) {
  std::string none = finding("a.one", "incomplete"), unknown = none;
  const std::string actions = "actions = [\"reset\"]";
  none.replace(none.find(actions), actions.size(), "actions = []");
  unknown.replace(unknown.find(actions), actions.size(), "actions = [\"resett\"]");
  EXPECT_NE(errors_of_findings(none), "");
  EXPECT_NE(errors_of_findings(unknown).find("did you mean 'reset'?"), std::string::npos);
}

TEST(Findings, UnknownExplanation) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "incomplete", "explained_by = [\"a.oen\"]")),
            "4:17: there is no finding 'a.oen'; did you mean 'a.one'?\n");
}

TEST(Findings, OnlySurroundingsAreWhatMostHaveInCommon) {
  const std::string room = finding("b.room", "environment", "");
  EXPECT_EQ(errors_of_findings(finding("a.slow", "performance", "of_most = \"b.room\"") + room), "");
  EXPECT_NE(
      errors_of_findings(finding("a.slow", "performance", "of_most = \"b.rom\"") + room).find("there is no"),
      std::string::npos);
  EXPECT_NE(errors_of_findings(finding("a.slow", "condition", "of_most = \"b.room\"") + room)
                .find("'of_most' takes"),
            std::string::npos);
  EXPECT_NE(errors_of_findings(finding("a.slow", "performance", "of_most = \"a.other\"") +
                               finding("a.other", "performance", ""))
                .find("'of_most' takes"),
            std::string::npos);
}

TEST(Findings, NoneMayExplainItselfRoundAnyCorner) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "incomplete", "explained_by = [\"a.one\"]")),
            "4:17: 'a.one' and 'a.one' explain each other: neither would accuse\n");
  const std::string ring = errors_of_findings(finding("a.one", "incomplete", "explained_by = [\"a.two\"]") +
                                              finding("a.two", "incomplete", "explained_by = [\"b.three\"]") +
                                              finding("b.three", "incomplete", "explained_by = [\"a.one\"]"));
  EXPECT_NE(ring.find("'a.one' and 'a.two' explain each other"), std::string::npos) << ring;
}

TEST(Findings, DeviceFaultsAreNotExplainedAway) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "environment") +
                               finding("a.two", "device_fault", "explained_by = [\"a.one\"]")),
            "12:17: 'a.two' of class device_fault cannot be explained by 'a.one' of class environment\n");
}

TEST(Findings, AbsenceIsNotExplainedByWhatCanBeWaived) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "performance") +
                               finding("a.two", "incomplete", "explained_by = [\"a.one\"]")),
            "12:17: 'a.two' of class incomplete cannot be explained by 'a.one' of class performance\n");
}

TEST(Findings, AbsenceIsNotExplainedByAConditionEither) {
  EXPECT_NE(errors_of_findings(finding("a.one", "condition") +
                               finding("a.two", "incomplete", "explained_by = [\"a.one\"]")),
            "");
}

TEST(Findings, NoSurroundingsExplainWhatAPartIs) {
  EXPECT_EQ(errors_of_findings(finding("a.one", "environment") +
                               finding("a.two", "condition", "explained_by = [\"a.one\"]")),
            "12:17: 'a.two' of class condition cannot be explained by 'a.one' of class environment\n");
  EXPECT_NE(errors_of_findings(finding("a.one", "incomplete") +
                               finding("a.two", "condition", "explained_by = [\"a.one\"]")),
            "");
  EXPECT_EQ(errors_of_findings(finding("a.one", "device_fault") +
                               finding("a.two", "condition", "explained_by = [\"a.one\"]")),
            "");
  EXPECT_EQ(errors_of_findings(finding("a.one", "condition") +
                               finding("a.two", "performance", "explained_by = [\"a.one\"]")),
            "");
}

TEST(Findings, OneCodeInTwoFiles) {
  const ScratchFolder folder;
  folder.write("a.toml", finding("a.one", "incomplete"));
  folder.write("b.toml", "\n" + finding("a.one", "incomplete"));
  Diagnostics diagnostics;
  load_findings(folder.path().string(), diagnostics);
  EXPECT_EQ(errors_of(diagnostics), "2:1: 'a.one' is there twice: in another file too\n");
  EXPECT_EQ(diagnostics.list()[0].file, folder.path().string() + "/b.toml");
}

TEST(Findings, AnEmptyFolderIsAnError) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  EXPECT_TRUE(load_findings(folder.path().string(), diagnostics).empty());
  EXPECT_FALSE(diagnostics.empty());
}

}  // namespace
}  // namespace assay::config
