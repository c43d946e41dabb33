#include "harness/run/worker_deadline.h"

#include <gtest/gtest.h>

namespace assay::run {
namespace {

using std::chrono::milliseconds;
using Due = WorkerDeadline::Due;

const WorkerDeadline::Time kStart{};
const WorkerDeadline::Time kDeadline = kStart + milliseconds(500);

TEST(WorkerDeadline, IsAskedThenMadeThenGivenUp) {
  WorkerDeadline deadline(kDeadline);
  EXPECT_EQ(deadline.due(kDeadline - milliseconds(1)), Due::nothing);
  EXPECT_EQ(deadline.due(kDeadline), Due::stop);
  deadline.stopped(kDeadline);
  EXPECT_EQ(deadline.due(kDeadline), Due::nothing);
  EXPECT_EQ(deadline.due(kDeadline + kTermGrace), Due::kill);
  EXPECT_EQ(deadline.due(kDeadline + kTermGrace), Due::nothing);
  EXPECT_EQ(deadline.due(kDeadline + kTermGrace + kKillGrace), Due::give_up);
  EXPECT_EQ(deadline.due(kDeadline + 10 * kKillGrace), Due::nothing);
}

TEST(WorkerDeadline, AStopForAnotherReasonStartsTheSameClock) {
  WorkerDeadline deadline(kDeadline);
  deadline.stopped(kStart);
  EXPECT_EQ(deadline.next(), kStart + kTermGrace);
  deadline.stopped(kStart + milliseconds(900));
  EXPECT_EQ(deadline.due(kStart + kTermGrace), Due::kill);
}

TEST(WorkerDeadline, WhoRestsHasNoneAndCanBeStopped) {
  WorkerDeadline deadline(kDeadline);
  deadline.suspend();
  EXPECT_EQ(deadline.due(kDeadline + std::chrono::hours(24)), Due::nothing);
  deadline.set_deadline(kDeadline + std::chrono::hours(25));
  EXPECT_EQ(deadline.due(kDeadline + std::chrono::hours(25)), Due::stop);
  deadline.stopped(kDeadline);
  deadline.suspend();
  EXPECT_EQ(deadline.due(kDeadline + kTermGrace), Due::kill);
}

}  // namespace
}  // namespace assay::run
