// Runs of collectives beside one another, and killed in the middle: what ranks share of the machine (the port
// of NCCL's RAS, shared memory) is their run's alone, and nothing of it is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "tests/held_things.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> collectives(const ScratchFolder& scratch, const std::string& fault = "") {
  std::vector<std::string> words{"run",       "--node",      "sim:h200-8gpu", "--seed",       "7",
                                 "--profile", "collectives", "--out",         scratch / "out"};
  if (!fault.empty()) words.insert(words.end(), {"--fault", fault});
  return words;
}

TEST(CollectiveRuns, BesideOneAnotherAreBothAccepted) {
  const ScratchFolder one, two;
  Running first(one, collectives(one)), second(two, collectives(two));
  const Finished of_first = first.wait(), of_second = second.wait();
  EXPECT_EQ(of_first.exit_code, 0) << of_first.out << of_first.err;
  EXPECT_EQ(of_second.exit_code, 0) << of_second.out << of_second.err;
}

/// Who hangs is told by NCCL's RAS: each run's has to answer for its own ranks.
TEST(CollectiveRuns, BesideOneAnotherEachAccuseTheGpuThatHangsThem) {
  const ScratchFolder one, two;
  Running first(one, collectives(one, "collective-hangs-before:part=gpu2")),
      second(two, collectives(two, "collective-hangs-before:part=gpu5"));
  first.wait();
  second.wait();
  EXPECT_THAT(accusations(judge(one, only_run(one))), ElementsAre("collective.hung@gpu2"));
  EXPECT_THAT(accusations(judge(two, only_run(two))), ElementsAre("collective.hung@gpu5"));
}

struct KilledCollectives : testing::Test {
  ScratchFolder scratch;

  /// In the middle of collectives: NCCL's RAS listens, in each of the ranks' processes or in one.
  bool has_begun(const Running& run) {
    const auto workers = run.children("__worker");
    return workers.size() == 8 && !held_by(workers).listeners.empty();
  }
  void expect_nothing_left(const std::vector<pid_t>& processes, const HeldThings& held) {
    EXPECT_TRUE(all_end(processes));
    const auto gone = [&] {
      const HeldThings left = left_of(held);
      return left.listeners.empty() && left.files.empty();
    };
    EXPECT_TRUE(Running::wait_for(gone));
    EXPECT_THAT(left_of(held).listeners, IsEmpty());
    EXPECT_THAT(left_of(held).files, IsEmpty());
  }
};

TEST_F(KilledCollectives, LeaveNothingBehindAndGoOn) {
  Running run(scratch, collectives(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return has_begun(run); }));
  const auto children = run.children("__");
  const HeldThings held = held_by(children);
  kill(run.pid(), SIGKILL);
  run.wait();
  expect_nothing_left(children, held);
  const Finished resumed = assay(scratch, {"resume", only_run(scratch)});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
}

/// A rank that is stopped holds up the others, and time with them.
TEST_F(KilledCollectives, WithARankThatHangsLeaveNothingBehind) {
  Running run(scratch, collectives(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return has_begun(run); }));
  const auto children = run.children("__");
  const HeldThings held = held_by(children);
  kill(run.children("__worker").at(5), SIGSTOP);
  kill(run.pid(), SIGKILL);
  run.wait();
  expect_nothing_left(children, held);
}

struct CollectivesThatHang : KilledCollectives, testing::WithParamInterface<const char*> {};

/// Run to their end. A rank that never comes to where a communicator is set up does not end by itself.
TEST_P(CollectivesThatHang, LeaveNothingBehind) {
  Running run(scratch, collectives(scratch, GetParam()));
  std::set<pid_t> children;
  HeldThings held;
  while (lives(run.pid())) {
    const auto now = run.children("__");
    children.insert(now.begin(), now.end());
    held.add(held_by(now));
  }
  EXPECT_EQ(run.wait().exit_code, 10);
  EXPECT_GT(children.size(), 8u);
  expect_nothing_left({children.begin(), children.end()}, held);
}

INSTANTIATE_TEST_SUITE_P(Where, CollectivesThatHang,
                         testing::Values("collective-hangs", "collective-hangs-init"), [](const auto& fault) {
                           std::string name = fault.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// NCCL's abort waits for threads that may be stuck: what is known is said before, and the supervisor ends
/// it.
TEST(CollectiveRuns, AnAbortThatHangsKeepsNobodyFromSayingWhoItWas) {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--profile", "collectives", "--only", "collective.straggler", "--fault",
                          "collective-hangs-before:part=gpu6,abort=1"});
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), ElementsAre("collective.hung@gpu6"));
}

}  // namespace
}  // namespace assay
