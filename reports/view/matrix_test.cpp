#include "reports/view/matrix.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reports/testing/sample_run.h"

namespace assay::reports {
namespace {

TEST(Matrix, WhatIsRequiredAndWasNotJudgedIsNotRun) {
  const auto sample = samples::missing_gpu_run();
  const Matrix matrix = matrix_of(sample.input("en"));
  EXPECT_EQ(matrix.at("gpu6", "memory.sweep"), Outcome::not_run);
  EXPECT_EQ(matrix.at("gpu7", "memory.bandwidth"), Outcome::open);
  EXPECT_EQ(matrix.at("gpu0", "memory.sweep"), Outcome::pass);
  EXPECT_EQ(matrix.at("gpu0", "inventory.gpus"), Outcome::not_planned);
}

TEST(Matrix, TheWorstOfSeveralOutcomesIsShown) {
  auto sample = samples::healthy_run();
  sample.judgement.checks.push_back({"memory.sweep", "gpu1", Status::error, Result::not_applicable, 1});
  EXPECT_EQ(matrix_of(sample.input("en")).at("gpu1", "memory.sweep"), Outcome::error);
  sample.judgement.checks.push_back({"memory.sweep", "gpu1", Status::error, Result::fail, 2});
  sample.judgement.checks.push_back({"memory.sweep", "gpu1", Status::complete, Result::pass, 3});
  EXPECT_EQ(matrix_of(sample.input("en")).at("gpu1", "memory.sweep"), Outcome::fail);
}

TEST(Matrix, APartThatAFindingAccusesFailsWhereItWasSeenAndHasARow) {
  auto sample = samples::healthy_run();
  const Step& sweep = *std::find_if(sample.run.steps.begin(), sample.run.steps.end(),
                                    [](const Step& step) { return step.check == "memory.sweep"; });
  Finding finding;
  finding.code = "memory.miscompare";
  finding.part = "gpu5/hbm";
  finding.evidence = {{.step = sweep.id, .part = "gpu5/hbm"}};
  sample.judgement.findings.push_back(finding);
  finding.part = "nvswitch1/port12";  // of a kernel line at no step in particular
  finding.evidence = {{.part = "nvswitch1/port12"}};
  sample.judgement.findings.push_back(finding);
  finding.part = "environment";
  finding.severity = Severity::inconclusive;
  finding.evidence = {{.step = sweep.id, .part = "gpu2"}};
  sample.judgement.findings.push_back(finding);
  finding.severity = Severity::marginal;
  finding.evidence = {{.step = sweep.id, .part = "gpu1"}};
  sample.judgement.findings.push_back(finding);

  const Matrix matrix = matrix_of(sample.input("en"));
  EXPECT_EQ(matrix.at("gpu5", "memory.sweep"), Outcome::fail);
  EXPECT_EQ(matrix.at("nvswitch1", "telemetry"), Outcome::fail);
  EXPECT_EQ(matrix.at("gpu2", "memory.sweep"), Outcome::undecided);
  EXPECT_EQ(matrix.at("gpu1", "memory.sweep"), Outcome::pass);
  EXPECT_EQ(std::count(matrix.parts.begin(), matrix.parts.end(), "nvswitch1"), 1);
  EXPECT_EQ(std::count(matrix.parts.begin(), matrix.parts.end(), "environment"), 0);
}

}  // namespace
}  // namespace assay::reports
