#include "harness/run/step_journal.h"

#include <gmock/gmock.h>

#include "harness/testing/run_fixture.h"
#include "harness/testing/stages.h"

namespace assay::run {
namespace {

using testing::ElementsAre;

struct StepJournalTest : RunFixture {
  StepJournalTest() {
    placement.part = "gpu3";
    placement.participants = {{{"gpu3"}}};
    placement.bodies = {{"memory.bandwidth", "", 0, 0.5}, {"memory.sweep", "", 0, 0.5}};
  }
  Placement placement;
};

TEST_F(StepJournalTest, EachBodyHasAStepOfItsOwn) {
  const auto open = steps.start(placement, 1, 2);
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].check, "memory.bandwidth");
  EXPECT_EQ(open[1].part, "gpu3");
  EXPECT_NE(open[0].id, open[1].id);
  const RunRecord written = records();
  ASSERT_EQ(written.steps.size(), 2u);
  EXPECT_EQ(written.steps[0].attempt, 2);
  EXPECT_EQ(written.steps[0].status, Status::open);
}

TEST_F(StepJournalTest, AFailedStepEndsInErrorAndTheOtherBodysDoesNot) {
  auto open = steps.start(placement, 1, 1);
  steps.fail(open[1], {"harness.check_error", "it threw", "gpu3", ""});
  steps.end(open);
  const RunRecord written = records();
  EXPECT_EQ(written.steps[0].status, Status::complete);
  EXPECT_EQ(written.steps[1].status, Status::error);
  ASSERT_EQ(written.steps[1].errors.size(), 1u);
  EXPECT_EQ(written.steps[1].errors[0].part, "gpu3");
}

TEST_F(StepJournalTest, AValueStandsBesideTheLimitsThatJudgeIt) {
  const auto open = steps.start(placement, 1, 1);
  steps.measurement(open[0], "memory.bandwidth", {"copy_bandwidth", 4100.0, "GB/s", "gpu3/hbm", "check"});
  journal.sync();
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(text.find("\"validators\":[{"), std::string::npos);
  EXPECT_EQ(records().steps[0].measurements.size(), 1u);
}

TEST_F(StepJournalTest, WhatIsAttachedIsNamedInTheRecords) {
  const auto open = steps.start(placement, 1, 1);
  steps.attachment(open[0], "bad words", "text/csv", "attachment-01-bad_words");
  EXPECT_THAT(records().attachments, ElementsAre("attachment-01-bad_words"));
}

}  // namespace
}  // namespace assay::run
