// Nights that somebody else needs: `run --go-on` is ended by SIGTERM, and goes on when it is started again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::Not;

/// As a scheduler does that ends a job, each process of it.
void signal_children(const Running& run) {
  for (const char* const verb : {"__worker", "__sampler"}) {
    for (const pid_t child : run.children(verb)) kill(child, SIGTERM);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

struct GoOn : testing::Test {
  ScratchFolder scratch;

  std::vector<std::string> night(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"run",   "--go-on", "--node", "sim:h200-8gpu", "--profile",
                                       "quick", "--seed",  "3",      "--out",         scratch / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  /// Ended by SIGTERM in its sweep.
  void cut_off(bool children_first = false) {
    Running run(scratch, night({"--time-scale", "10"}));
    ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu0"); }));
    if (children_first) signal_children(run);
    kill(run.pid(), SIGTERM);
    EXPECT_EQ(run.wait().exit_code, -1) << "as a kill";
  }
};

TEST_F(GoOn, TheNextNightEndsTheRunThatWasCutOff) {
  cut_off();
  const std::string left = only_run(scratch);
  const Finished next = assay(scratch, night({}));
  EXPECT_EQ(next.exit_code, 0) << next.out << next.err;
  EXPECT_THAT(next.err, HasSubstr("going on with " + left));
  EXPECT_EQ(only_run(scratch), left) << "no second run was begun";
  EXPECT_EQ(judge(scratch, left).at("verdict"), "ACCEPT");
}

TEST_F(GoOn, ChildrenThatWereSignalledBeforeTheRunAreNotLost) {
  cut_off(true);
  const Finished next = assay(scratch, night({}));
  EXPECT_EQ(next.exit_code, 0) << next.out << next.err;
  EXPECT_EQ(judge(scratch, only_run(scratch)).at("verdict"), "ACCEPT");
}

TEST(Interrupt, ChildrenThatWereSignalledBeforeTheRunAreNotLost) {
  const ScratchFolder scratch;
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", "quick", "--seed", "3", "--out",
                        scratch / "out", "--time-scale", "10"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu0"); }));
  signal_children(run);
  kill(run.pid(), SIGTERM);
  run.wait();
  const std::vector<std::string> accused = accusations(judge(scratch, only_run(scratch)));
  EXPECT_EQ(accused.size(), 1u) << testing::PrintToString(accused);
  EXPECT_THAT(accused, testing::Contains(HasSubstr("interrupted")));
}

TEST_F(GoOn, ARunThatHasEndedIsNotGoneOnWith) {
  ASSERT_EQ(assay(scratch, night({})).exit_code, 0);
  const Finished next = assay(scratch, night({}));
  EXPECT_EQ(next.exit_code, 0);
  EXPECT_THAT(next.err, Not(HasSubstr("going on with")));
}

TEST_F(GoOn, OtherWorkIsNotGoneOnWith) {
  cut_off();
  const Finished next = assay(scratch, night({"--only", "inventory.*"}));
  EXPECT_EQ(next.exit_code, 11) << "partial";
  EXPECT_THAT(next.err, Not(HasSubstr("going on with")));
}

TEST_F(GoOn, ByOtherLimitsIsOtherWork) {
  cut_off();
  const std::string limits = copy_bandwidth_limit(scratch, "min", "4000 GB/s");
  const Finished next = assay(scratch, night({"--limits", limits}));
  EXPECT_THAT(next.err, Not(HasSubstr("going on with")));
}

}  // namespace
}  // namespace assay
