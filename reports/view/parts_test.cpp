#include "reports/view/parts.h"

#include <gtest/gtest.h>

#include "reports/testing/sample_base.h"

namespace assay::reports {
namespace {

Finding slow(const Part& part, Severity severity = Severity::fail) {
  Finding finding;
  finding.code = "memory.slow";
  finding.check = "memory.bandwidth";
  finding.part = part;
  finding.severity = severity;
  finding.cls = FindingClass::performance;
  return finding;
}

struct Grouping : ::testing::Test {
  RunRecord run;
  Judgement judgement;
  Criteria criteria;

  std::vector<std::size_t> sizes(int slots) {
    run.plan.slots.clear();
    for (int slot = 0; slot < slots; ++slot) run.plan.slots.push_back({.part = Part::gpu(slot)});
    std::vector<NumberedFinding> all;
    for (const Finding& finding : judgement.findings)
      all.push_back({static_cast<int>(all.size()) + 1, &finding});
    std::vector<std::size_t> found;
    for (const FindingGroup& group : grouped({run, judgement, criteria}, all))
      found.push_back(group.members.size());
    return found;
  }
};

TEST_F(Grouping, WhatIsSaidOfEveryGpuIsOneCard) {
  judgement.findings.push_back(slow("harness"));
  for (int slot = 0; slot < 8; ++slot) judgement.findings.push_back(slow(Part::gpu(slot).below("hbm")));
  EXPECT_EQ(sizes(8), (std::vector<std::size_t>{1, 8}));
}

TEST_F(Grouping, OfAllButOneItIsACardForEach) {
  for (int slot = 0; slot < 7; ++slot) judgement.findings.push_back(slow(Part::gpu(slot).below("hbm")));
  EXPECT_EQ(sizes(8).size(), 7u);
}

TEST_F(Grouping, UnlikeFindingsAndFewGpusStayApart) {
  for (int slot = 0; slot < 4; ++slot)
    judgement.findings.push_back(slow(Part::gpu(slot), slot == 0 ? Severity::marginal : Severity::fail));
  EXPECT_EQ(sizes(4).size(), 4u);
  judgement.findings.clear();
  for (int slot = 0; slot < 2; ++slot) judgement.findings.push_back(slow(Part::gpu(slot)));
  EXPECT_EQ(sizes(2).size(), 2u);
}

TEST_F(Grouping, WrongDataIsNotTheRooms) {
  for (int slot = 0; slot < 8; ++slot) {
    judgement.findings.push_back(slow(Part::gpu(slot)));
    judgement.findings.back().cls = FindingClass::corruption;
  }
  EXPECT_EQ(sizes(8).size(), 8u);
}

}  // namespace
}  // namespace assay::reports
