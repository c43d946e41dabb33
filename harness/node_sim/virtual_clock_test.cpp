#include "harness/node_sim/virtual_clock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <vector>

#include "harness/testing/scratch_folder.h"

namespace assay::sim {
namespace {

void wait_until_asleep(const SharedState& state, Seat seat) {
  for (;;) {
    {
      const Lock lock(state->clock.mutex);
      if (state->clock.participants[seat].status == Participant::waiting) return;
    }
    std::this_thread::yield();
  }
}

TEST(VirtualClock, JumpsToTheEarliestWakeUpWhenAllWait) {
  auto state = SharedState::anonymous();
  const Seat early = take_seat(state->clock);
  const Seat late = take_seat(state->clock);
  Nanoseconds seen_early = 0, seen_late = 0;
  std::thread first([&] {
    VirtualClock clock(state, early);
    clock.sleep_until(10);
    seen_early = clock.now();
    leave_seat(state->clock, early);
  });
  std::thread second([&] {
    VirtualClock clock(state, late);
    clock.sleep_until(1'000'000 * kSecond);
    seen_late = clock.now();
    leave_seat(state->clock, late);
  });
  first.join();
  second.join();
  EXPECT_EQ(seen_early, 10);
  EXPECT_EQ(seen_late, 1'000'000 * kSecond);
}

TEST(VirtualClock, StandsStillWhileAnyoneWorksAndNotForTheParked) {
  auto state = SharedState::anonymous();
  const Seat working = take_seat(state->clock);
  const Seat waiting = take_seat(state->clock);
  std::thread sleeper([&] { VirtualClock(state, waiting).sleep_until(100); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(now(state->clock), 0);
  park(state->clock, working);
  sleeper.join();
  EXPECT_EQ(now(state->clock), 100);
}

TEST(VirtualClock, WhoWaitsBesideIsNotHeldUpAndHoldsTimeFromThenOn) {
  auto state = SharedState::anonymous();
  const Seat beside = take_seat(state->clock), waiting = take_seat(state->clock);
  wait_beside(state->clock, beside, 50);
  std::thread sleeper([&] {
    VirtualClock clock(state, waiting);
    clock.sleep_until(10);
    clock.sleep_until(100);
  });
  while (now(state->clock) < 50) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(now(state->clock), 50) << "time stands until it lets go";
  wait_beside(state->clock, beside, 50);
  EXPECT_EQ(state->clock.participants[beside].status, Participant::running) << "it has come already";
  wait_beside(state->clock, beside, kForever);
  sleeper.join();
  EXPECT_EQ(now(state->clock), 100);
}

TEST(VirtualClock, WhoSleepsBesideIsWokenFromTheTimeThatAnotherSays) {
  auto state = SharedState::anonymous();
  const Seat beside = take_seat(state->clock), other = take_seat(state->clock);
  wait_beside(state->clock, beside, kForever);
  Nanoseconds woken_at = 0;
  const auto is_parked = [&] {
    const Lock lock(state->clock.mutex);
    return state->clock.participants[beside].status != Participant::running;
  };
  std::thread sleeper([&] {
    while (is_parked()) sleep_beside(state->clock, beside);
    woken_at = now(state->clock);
    leave_seat(state->clock, beside);
  });
  VirtualClock clock(state, other);
  clock.sleep_until(20);
  unpark(state->clock, beside, 70);
  clock.sleep_until(100);
  sleeper.join();
  EXPECT_EQ(woken_at, 70);
}

TEST(VirtualClock, WhoIsGoneIsNotWoken) {
  auto state = SharedState::anonymous();
  const Seat dead = take_seat(state->clock), other = take_seat(state->clock);
  wait_beside(state->clock, dead, kForever);
  leave_seat(state->clock, dead);
  unpark(state->clock, dead);
  unpark(state->clock, dead, 50);
  wait_beside(state->clock, dead, 50);
  EXPECT_EQ(state->clock.participants[dead].status, Participant::free);
  EXPECT_TRUE(VirtualClock(state, other).sleep_until(100)) << "it would hold time back for good";
}

TEST(VirtualClock, WhoWorksIsNotMadeToWait) {
  auto state = SharedState::anonymous();
  const Seat working = take_seat(state->clock);
  unpark(state->clock, working, 50);
  EXPECT_EQ(state->clock.participants[working].status, Participant::running);
}

TEST(VirtualClock, WhoWorksUntilATimeHoldsUpNobodyBeforeIt) {
  auto state = SharedState::anonymous();
  const Seat working = take_seat(state->clock), waiting = take_seat(state->clock);
  VirtualClock worker(state, working);
  worker.will_sleep_until(50);
  Nanoseconds seen = 0;
  std::thread other([&] {
    VirtualClock clock(state, waiting);
    clock.sleep_until(20);
    seen = clock.now();
    clock.sleep_until(100);
    leave_seat(state->clock, waiting);
  });
  while (now(state->clock) < 50) std::this_thread::yield();
  EXPECT_EQ(seen, 20);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(now(state->clock), 50) << "time stands until the work is done";
  EXPECT_TRUE(worker.sleep_until(50));
  leave_seat(state->clock, working);
  other.join();
  EXPECT_EQ(now(state->clock), 100);
}

TEST(VirtualClock, AnInterruptEndsTheSleepAndMovesNoTime) {
  auto state = SharedState::anonymous();
  VirtualClock clock(state, take_seat(state->clock));
  clock.interrupt();
  EXPECT_FALSE(clock.sleep_until(50));
  EXPECT_EQ(clock.now(), 0);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    clock.interrupt();
  });
  EXPECT_FALSE(clock.sleep_until(kForever));
  other.join();
  EXPECT_EQ(clock.now(), 0);
}

TEST(VirtualClock, WhoWasTakenForDeadSleepsNoMore) {
  auto state = SharedState::anonymous();
  const Seat mine = take_seat(state->clock), working = take_seat(state->clock);
  VirtualClock clock(state, mine);
  std::thread undertaker([&] {
    wait_until_asleep(state, mine);
    leave_seat(state->clock, mine);
  });
  EXPECT_FALSE(clock.sleep_until(50));
  undertaker.join();
  EXPECT_FALSE(clock.sleep_until(50)) << "nor does it hold time back or move it on";
  EXPECT_EQ(now(state->clock), 0);
  leave_seat(state->clock, working);
  clock.interrupt();
  EXPECT_FALSE(clock.sleep_until(50));
}

TEST(VirtualClock, WhoeverSleepsAtAPaceHoldsNobodyUp) {
  auto state = SharedState::anonymous();
  state->clock.time_scale = 0.001;  // the sleep takes more than a day of real time
  const Seat asleep = take_seat(state->clock);
  std::thread sleeper([&] { EXPECT_FALSE(VirtualClock(state, asleep).sleep_until(100 * kSecond)); });
  wait_until_asleep(state, asleep);
  EXPECT_EQ(now(state->clock), 0);
  const Seat another = take_seat(state->clock);
  leave_seat(state->clock, another);
  VirtualClock(state, asleep).interrupt();
  sleeper.join();
}

TEST(VirtualClock, AtAPaceRealTimePassesToo) {
  auto state = SharedState::anonymous();
  state->clock.time_scale = 10;
  VirtualClock clock(state, take_seat(state->clock));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(clock.sleep_until(kSecond / 2));
  EXPECT_TRUE(clock.sleep_until(kSecond));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  EXPECT_EQ(clock.now(), kSecond);
}

TEST(VirtualClock, ADeadParticipantIsTakenOutAndTimeGoesOn) {
  const testing_tools::ScratchFolder folder;
  auto state = SharedState::create(folder / "clock.state");
  const Seat mine = take_seat(state->clock);
  const Seat childs = take_seat(state->clock);
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  std::thread undertaker([&] {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    leave_seat(state->clock, childs);
  });
  EXPECT_TRUE(VirtualClock(state, mine).sleep_until(7));
  EXPECT_EQ(now(state->clock), 7);
  undertaker.join();
}

TEST(VirtualClock, AMutexThatDiedWithItsHolderIsTakenOver) {
  const testing_tools::ScratchFolder folder;
  auto state = SharedState::create(folder / "clock.state");
  const Seat mine = take_seat(state->clock);
  const pid_t child = fork();
  if (child == 0) {
    auto* held = new Lock(state->clock.mutex);
    static_cast<void>(held);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(VirtualClock(state, mine).sleep_until(3));
}

TEST(VirtualClock, TicksOfManyParticipantsKeepTheirOrder) {
  auto state = SharedState::anonymous();
  constexpr int kParticipants = 9, kTicks = 200;
  std::vector<Seat> seats;
  for (int i = 0; i < kParticipants; ++i) seats.push_back(take_seat(state->clock));
  std::vector<std::thread> threads;
  std::vector<int> wrong(kParticipants, 0);
  for (int i = 0; i < kParticipants; ++i) {
    threads.emplace_back([&, i] {
      VirtualClock clock(state, seats[i]);
      for (int tick = 1; tick <= kTicks; ++tick) {
        clock.sleep_until(tick * kMillisecond);
        if (clock.now() != tick * kMillisecond) ++wrong[i];
      }
      leave_seat(state->clock, seats[i]);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : wrong) EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace assay::sim
