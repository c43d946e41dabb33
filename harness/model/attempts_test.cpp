#include "harness/model/attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/model/finding_codes.h"
#include "harness/testing/run_builder.h"

namespace assay {
namespace {

using testing::ElementsAre;

Step step(int attempt, const std::vector<const char*>& symptoms = {}, int stage = 0) {
  Step s;
  s.check = "memory.sweep";
  s.part = "gpu0";
  s.stage = stage;
  s.attempt = attempt;
  s.status = symptoms.empty() ? Status::complete : Status::error;
  for (const char* symptom : symptoms) s.errors.push_back({symptom, "", "", ""});
  return s;
}

RunRecord run_of(std::vector<Step> steps) {
  RunRecord run;
  run.plan.stages.resize(3);
  run.steps = std::move(steps);
  return run;
}

TEST(Attempts, AnInterruptedOneAndWhatMakesUpForItAreTheSameMeasurement) {
  const RunRecord run =
      run_of({step(1, {codes::interrupted}), step(2, {codes::interrupted}), step(3),
              step(4, {codes::interrupted}), step(5, {"harness.step_timeout"}), step(1, {}, 1)});
  EXPECT_THAT(measurement_numbers(run), ElementsAre(1, 1, 1, 2, 2, 1));
  EXPECT_EQ(measurements_made(run, {0, "memory.sweep", "", "gpu0"}), 2);
  EXPECT_EQ(last_attempt(run, {0, "memory.sweep", "", "gpu0"}), 5);
  EXPECT_EQ(measurements_made(run, {0, "memory.sweep", "", "gpu1"}), 0);
  EXPECT_EQ(first_measurements(run).steps.size(), 4u);
}

TEST(Attempts, AStepThatFailedAndWasThenInterruptedIsOwedToo) {
  EXPECT_TRUE(was_interrupted(step(1, {"harness.step_timeout", codes::interrupted})));
  Step open = step(1);
  open.status = Status::open;
  EXPECT_TRUE(was_interrupted(open));
  EXPECT_FALSE(was_interrupted(step(1, {"device.lost"})));
}

bool is_made_up_for(const RunRecord& run, const Step& step) {
  return std::any_of(run.steps.begin(), run.steps.end(),
                     [&](const Step& later) { return makes_up_for(run, later, step); });
}

TEST(Attempts, WhatCameToAnEndOfItsOwnMakesUpForAnInterruptionHoweverItEnded) {
  RunRecord run = run_of({step(1, {codes::interrupted}), step(2, {codes::interrupted})});
  EXPECT_FALSE(is_made_up_for(run, run.steps[0]));
  run.steps.push_back(step(3, {"device.lost"}));
  EXPECT_TRUE(is_made_up_for(run, run.steps[0]));
  EXPECT_FALSE(
      is_made_up_for(run_of({step(1, {codes::interrupted}), step(1, {}, 1)}), step(1, {codes::interrupted})))
      << "another stage owes its own";
}

TEST(Attempts, ALookMakesUpForAnEarlierOne) {
  const RunRecord run = run_of({step(1, {codes::interrupted}, 3), step(1, {}, 4)});
  EXPECT_TRUE(is_made_up_for(run, run.steps[0]));
  EXPECT_FALSE(is_made_up_for(run, run.steps[1]));
}

}  // namespace
}  // namespace assay
