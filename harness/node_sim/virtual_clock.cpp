#include "harness/node_sim/virtual_clock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

namespace assay::sim {
namespace {

// A waiter looks again after this real time even if nobody woke it: a participant may have died between a
// change and its wake-up.
constexpr timespec kRecheck{0, 100'000'000};

std::uint32_t* word(ClockState& clock) {
  return &clock.generation;
}

void futex_wait(ClockState& clock, std::uint32_t seen, const timespec& timeout) {
  syscall(SYS_futex, word(clock), FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void futex_wake_all(ClockState& clock) {
  syscall(SYS_futex, word(clock), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::uint32_t generation(ClockState& clock) {
  return __atomic_load_n(word(clock), __ATOMIC_ACQUIRE);
}

void publish(ClockState& clock) {
  __atomic_add_fetch(word(clock), 1, __ATOMIC_RELEASE);
  futex_wake_all(clock);
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
/// time back, whether or not they have noticed yet. Caller holds the mutex.
void advance(ClockState& clock) {
  Nanoseconds wake = 0;
  if (!next_wake(clock, wake)) return;
  if (wake > clock.now) {
    if (clock.time_scale > 0) {
      const auto pause = static_cast<Nanoseconds>(static_cast<double>(wake - clock.now) / clock.time_scale);
      const timespec real{pause / kSecond, pause % kSecond};
      nanosleep(&real, nullptr);
    }
    clock.now = wake;
  }
  for (Participant& participant : clock.participants) {
    if (participant.status == Participant::waiting && participant.wake <= clock.now) {
      participant.status = Participant::running;
    }
  }
  publish(clock);
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
  const Lock lock(clock.mutex);
  clock.participants[seat].status = status;
  advance(clock);
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
void unpark(ClockState& clock, Seat seat) {
  set_status(clock, seat, Participant::running);
}

void wait_beside(ClockState& clock, Seat seat, Nanoseconds until) {
  const Lock lock(clock.mutex);
  Participant& self = clock.participants[seat];
  if (until <= clock.now) {
    self.status = Participant::running;
    return;
  }
  self.status = until == kForever ? Participant::parked : Participant::waiting;
  self.wake = until;
  advance(clock);
}

Nanoseconds now(ClockState& clock) {
  const Lock lock(clock.mutex);
  return clock.now;
}

Nanoseconds VirtualClock::now() const {
  return sim::now(state_->clock);
}

bool VirtualClock::sleep_until(Nanoseconds deadline) {
  ClockState& clock = state_->clock;
  Participant& self = clock.participants[seat_];
  {
    const Lock lock(clock.mutex);
    if (self.interrupted) {
      self.interrupted = 0;
      return false;
    }
    if (deadline <= clock.now) return true;
    self.wake = deadline;
    self.status = Participant::waiting;
    advance(clock);
  }
  for (;;) {
    const std::uint32_t seen = generation(clock);
    {
      const Lock lock(clock.mutex);
      if (self.status == Participant::running) {
        const bool interrupted = self.interrupted != 0;
        self.interrupted = 0;
        return !interrupted;
      }
      advance(clock);  // whoever should have moved time on may have died
      if (self.status == Participant::running) continue;
    }
    futex_wait(clock, seen, kRecheck);
  }
}

void VirtualClock::interrupt() {
  ClockState& clock = state_->clock;
  const Lock lock(clock.mutex);
  Participant& self = clock.participants[seat_];
  self.interrupted = 1;
  if (self.status != Participant::waiting) return;
  self.status = Participant::running;
  publish(clock);
}

}  // namespace assay::sim
