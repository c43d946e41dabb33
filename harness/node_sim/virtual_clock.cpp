#include "harness/node_sim/virtual_clock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace assay::sim {
namespace {

// A waiter looks again after this real time even if nobody woke it: a participant may have died between a
// change and its wake-up.
constexpr Nanoseconds kRecheck = 100 * kMillisecond;

/// Whoever was set running, to be woken once the clock's mutex is free again: who wakes under it runs into
/// it. A participant's status is what it sleeps on, so that a tick disturbs nobody whom it does not concern.
class Woken {
 public:
  Woken() = default;
  ~Woken() {
    for (int i = 0; i < count_; ++i)
      syscall(SYS_futex, &woken_[i]->status, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  Woken(const Woken&) = delete;
  Woken& operator=(const Woken&) = delete;

  /// Caller holds the mutex.
  void run(Participant& participant) {
    participant.status = Participant::running;
    woken_[count_++] = &participant;
  }

 private:
  Participant* woken_[kMaxParticipants];
  int count_ = 0;
};

void sleep_while(const Participant& self, std::int32_t status, Nanoseconds at_most) {
  const timespec timeout{at_most / kSecond, at_most % kSecond};
  syscall(SYS_futex, &self.status, FUTEX_WAIT, status, &timeout, nullptr, 0);
}

Nanoseconds real_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

/// Real time that a paced clock has to wait until it may become `wake`.
Nanoseconds early_by(const ClockState& clock, Nanoseconds wake) {
  if (clock.time_scale <= 0 || wake <= clock.now) return 0;
  const auto pause = static_cast<Nanoseconds>(static_cast<double>(wake - clock.now) / clock.time_scale);
  return std::max<Nanoseconds>(0, clock.reached + pause - real_now());
}

/// The earliest wake-up if every participant waits or is parked; nothing while one runs or nobody waits.
bool next_wake(const ClockState& clock, Nanoseconds& wake) {
  wake = kForever;
  for (const Participant& participant : clock.participants) {
    if (participant.status == Participant::running) return false;
    if (participant.status == Participant::waiting) wake = std::min<Nanoseconds>(wake, participant.wake);
  }
  return wake != kForever;
}

/// Jumps to the next wake-up if time may move, and sets running whoever is due: from that moment they hold
/// time back, whether or not they have noticed yet. Says after which real time to try again. Caller holds the
/// mutex.
Nanoseconds advance(ClockState& clock, Woken& woken) {
  Nanoseconds wake = 0;
  if (!next_wake(clock, wake)) return kRecheck;
  if (const Nanoseconds early = early_by(clock, wake); early > 0) return std::min(early, kRecheck);
  if (wake > clock.now) {
    clock.now = wake;
    if (clock.time_scale > 0) clock.reached = real_now();
  }
  for (Participant& participant : clock.participants) {
    if (participant.status == Participant::waiting && participant.wake <= clock.now) woken.run(participant);
  }
  return kRecheck;
}

}  // namespace

Seat take_seat(ClockState& clock) {
  const Lock lock(clock.mutex);
  for (int i = 0; i < kMaxParticipants; ++i) {
    Participant& participant = clock.participants[i];
    if (participant.status != Participant::free) continue;
    participant = {Participant::running, 0, 0};
    return i;
  }
  return -1;
}

namespace {

void set_status(ClockState& clock, Seat seat, Participant::Status status) {
  if (seat < 0) return;
  Woken woken;
  const Lock lock(clock.mutex);
  clock.participants[seat].status = status;
  advance(clock, woken);
}

}  // namespace

void leave_seat(ClockState& clock, Seat seat) {
  set_status(clock, seat, Participant::free);
}

void clear_seats(ClockState& clock) {
  const Lock lock(clock.mutex);
  for (Participant& participant : clock.participants) participant = {};
}

void park(ClockState& clock, Seat seat) {
  set_status(clock, seat, Participant::parked);
}

void unpark(ClockState& clock, Seat seat, Nanoseconds from) {
  if (seat < 0) return;
  Woken woken;
  const Lock lock(clock.mutex);
  Participant& participant = clock.participants[seat];
  if (participant.status != Participant::parked && participant.status != Participant::waiting) return;
  if (from <= clock.now) return woken.run(participant);
  participant.status = Participant::waiting;
  participant.wake = from;
  advance(clock, woken);
}

void wait_beside(ClockState& clock, Seat seat, Nanoseconds until) {
  Woken woken;
  const Lock lock(clock.mutex);
  Participant& self = clock.participants[seat];
  if (self.status == Participant::free) return;  // taken for dead
  if (until <= clock.now) {
    self.status = Participant::running;
    return;
  }
  self.status = until == kForever ? Participant::parked : Participant::waiting;
  self.wake = until;
  advance(clock, woken);
}

void sleep_beside(ClockState& clock, Seat seat) {
  const Participant& self = clock.participants[seat];
  Nanoseconds pause = kRecheck;
  std::int32_t seen = 0;
  {
    Woken woken;
    const Lock lock(clock.mutex);
    // As in VirtualClock::sleep_until().
    if (self.status == Participant::waiting) pause = advance(clock, woken);
    seen = self.status;
  }
  if (seen != Participant::running) sleep_while(self, seen, pause);
}

Nanoseconds now(ClockState& clock) {
  const Lock lock(clock.mutex);
  return clock.now;
}

Nanoseconds VirtualClock::now() const {
  return sim::now(state_->clock);
}

void VirtualClock::will_sleep_until(Nanoseconds deadline) {
  ClockState& clock = state_->clock;
  Participant& self = clock.participants[seat_];
  Woken woken;
  const Lock lock(clock.mutex);
  if (self.status != Participant::running || self.interrupted != 0 || deadline <= clock.now) return;
  self.wake = deadline;
  self.status = Participant::waiting;
  advance(clock, woken);
}

bool VirtualClock::sleep_until(Nanoseconds deadline) {
  ClockState& clock = state_->clock;
  Participant& self = clock.participants[seat_];
  {
    const Lock lock(clock.mutex);
    if (std::exchange(self.interrupted, 0) != 0 || self.status == Participant::free) return false;
    if (deadline <= clock.now) return true;
    self.wake = deadline;
    self.status = Participant::waiting;
  }
  for (;;) {
    Nanoseconds pause = kRecheck;
    std::int32_t seen = 0;
    {
      Woken woken;
      const Lock lock(clock.mutex);
      // Time may have to be moved on by us: before the first sleep, at its pace, and when whoever should have
      // done it died.
      if (self.status == Participant::waiting) pause = advance(clock, woken);
      if (self.status == Participant::running) return std::exchange(self.interrupted, 0) == 0;
      if (self.status == Participant::free) return false;  // taken for dead
      seen = self.status;
    }
    sleep_while(self, seen, pause);
  }
}

void VirtualClock::interrupt() {
  ClockState& clock = state_->clock;
  Participant& self = clock.participants[seat_];
  Woken woken;
  const Lock lock(clock.mutex);
  self.interrupted = 1;
  if (self.status == Participant::waiting) woken.run(self);
}

}  // namespace assay::sim
