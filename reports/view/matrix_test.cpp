#include "reports/view/matrix.h"

#include <gtest/gtest.h>

#include "reports/testing/sample_run.h"

namespace assay::reports {
namespace {

TEST(Matrix, WhatIsRequiredAndWasNotJudgedIsNotRun) {
  const auto sample = testing::missing_gpu_run();
  const Matrix matrix = matrix_of(sample.input("en"));
  EXPECT_EQ(matrix.at("gpu6", "memory.sweep"), Outcome::not_run);
  EXPECT_EQ(matrix.at("gpu7", "memory.bandwidth"), Outcome::open);
  EXPECT_EQ(matrix.at("gpu0", "memory.sweep"), Outcome::pass);
  EXPECT_EQ(matrix.at("gpu0", "inventory.gpus"), Outcome::not_planned);
}

TEST(Matrix, TheWorstOfSeveralOutcomesIsShown) {
  auto sample = testing::healthy_run();
  sample.judgement.checks.push_back(
      {"memory.sweep", "gpu1", record::Status::error, verdict::Result::not_applicable, 1});
  EXPECT_EQ(matrix_of(sample.input("en")).at("gpu1", "memory.sweep"), Outcome::error);
  sample.judgement.checks.push_back(
      {"memory.sweep", "gpu1", record::Status::error, verdict::Result::fail, 2});
  sample.judgement.checks.push_back(
      {"memory.sweep", "gpu1", record::Status::complete, verdict::Result::pass, 3});
  EXPECT_EQ(matrix_of(sample.input("en")).at("gpu1", "memory.sweep"), Outcome::fail);
}

}  // namespace
}  // namespace assay::reports
