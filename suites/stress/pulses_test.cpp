#include "suites/stress/pulses.h"

#include <gtest/gtest.h>

#include <set>

namespace assay {
namespace {

TEST(PulseTrains, HaveEachFrequencyWithEachDutyAndTakeTheTimeTheyAreGiven) {
  const auto trains = pulse_trains(60);
  std::set<std::pair<double, double>> kinds;
  for (const PulseTrain& train : trains) {
    kinds.insert({train.frequency_hz, train.duty});
    EXPECT_GE(train.duration_s * train.frequency_hz, kFewestPulses - 1e-9);
  }
  EXPECT_EQ(kinds.size(), std::size(kPulseFrequencies_hz) * std::size(kPulseDuties));
  EXPECT_EQ(trains.size(), kinds.size());
  EXPECT_NEAR(seconds_of_trains(trains), 60, 10);
}

TEST(PulseTrains, AreNotLeftOutForWantOfTime) {
  const auto trains = pulse_trains(0);
  EXPECT_LT(seconds_of_trains(trains), 50);
  for (const PulseTrain& train : trains) {
    EXPECT_GE(train.duration_s, kShortestTrain_s);
    EXPECT_GE(train.duration_s * train.frequency_hz, kFewestPulses - 1e-9);
  }
}

TEST(PulseSchedule, IsByTheClockAndNotByWhenThePulseBeforeEnded) {
  PulseSchedule schedule({10, 0.5, 0.4}, 1000 * kSecond);
  Nanoseconds at = 0, now = 1000 * kSecond;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(schedule.next(now, at));
    EXPECT_EQ(at, 1000 * kSecond + i * kSecond / 10);
    now = at + kSecond / 20;
  }
  EXPECT_FALSE(schedule.next(now, at));
  EXPECT_EQ(schedule.left_out(), 0);
}

TEST(PulseSchedule, LeavesOutWhatALongPulseCovers) {
  PulseSchedule schedule({10, 0.5, 1}, 0);
  Nanoseconds at = 0;
  ASSERT_TRUE(schedule.next(0, at));
  ASSERT_TRUE(schedule.next(kSecond / 1000 * 250, at));
  EXPECT_EQ(at, kSecond / 1000 * 300);
  EXPECT_EQ(schedule.left_out(), 2);
  ASSERT_TRUE(schedule.next(kSecond / 1000 * 405, at)) << "a little late is not too late";
  EXPECT_EQ(at, kSecond / 1000 * 400);
}

}  // namespace
}  // namespace assay
