// Virtual time, shared by all processes of a simulated run. It stands still while any participant works, and
// jumps to the earliest wake-up when all of them wait. So the same run takes the same virtual time on any
// machine under any load.
#pragma once

#include "harness/node/clock.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// A participant's number, or -1.
using Seat = int;

/// Takes a seat that is `running`: time stands still until its holder waits or leaves. The supervisor takes
/// seats for its workers before it spawns them, so that time cannot run ahead of a process that is still
/// starting.
Seat take_seat(ClockState& clock);
void leave_seat(ClockState& clock, Seat seat);
/// Everyone is gone: a run that was killed and is taken up again.
void clear_seats(ClockState& clock);
/// Waiting for something other than time: does not hold the clock back.
void park(ClockState& clock, Seat seat);
/// From this time on it holds the clock back again. Nothing where it is not parked or waiting: its holder may
/// be gone.
void unpark(ClockState& clock, Seat seat, Nanoseconds from = 0);
/// Waiting for either, without being held up: by `until` at the latest the seat holds time back again.
void wait_beside(ClockState& clock, Seat seat, Nanoseconds until);
/// The seat's holder sleeps until it holds time back again, or for a while in real time.
void sleep_beside(ClockState& clock, Seat seat);
Nanoseconds now(ClockState& clock);

/// Clock over a seat. Does not leave the seat when destroyed: whoever took it does.
class VirtualClock : public Clock {
 public:
  VirtualClock(SharedState state, Seat seat) : state_(std::move(state)), seat_(seat) {}
  Nanoseconds now() const override;
  bool sleep_until(Nanoseconds deadline) override;
  void will_sleep_until(Nanoseconds deadline) override;
  void interrupt() override;
  void abandon() override { leave_seat(state_->clock, seat_); }

 private:
  SharedState state_;
  Seat seat_;
};

}  // namespace assay::sim
