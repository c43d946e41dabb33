// Three minutes of a simulated node at 10 Hz: a supervisor's worth of participants that all wake at every
// tick.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "harness/node_sim/virtual_clock.h"

namespace assay::sim {
namespace {

constexpr int kParticipants = 9;  // eight GPUs and the supervisor
constexpr int kTicks = 1'800;
constexpr Nanoseconds kTick = 100 * kMillisecond;

bool live(const SharedState& state, Seat seat) {
  VirtualClock clock(state, seat);
  bool on_time = true;
  for (int tick = 1; tick <= kTicks; ++tick) {
    on_time &= clock.sleep_until(tick * kTick) && clock.now() == tick * kTick;
  }
  leave_seat(state->clock, seat);
  return on_time;
}

std::vector<Seat> take_seats(const SharedState& state) {
  std::vector<Seat> seats;
  for (int i = 0; i < kParticipants; ++i) seats.push_back(take_seat(state->clock));
  return seats;
}

void ticks_of_processes(benchmark::State& bench) {
  while (bench.KeepRunning()) {
    const SharedState state = SharedState::anonymous();
    std::vector<pid_t> children;
    for (const Seat seat : take_seats(state)) {
      const pid_t child = fork();
      if (child == 0) _exit(live(state, seat) ? 0 : 1);
      if (child < 0) {
        leave_seat(state->clock, seat);
        bench.SkipWithError("fork failed");
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      if (child > 0 && (waitpid(child, &status, 0) != child || status != 0))
        bench.SkipWithError("a participant was late");
    }
  }
}
BENCHMARK(ticks_of_processes)->Name("clock_ticks_processes")->UseRealTime()->Unit(benchmark::kMillisecond);

void ticks_of_threads(benchmark::State& bench) {
  while (bench.KeepRunning()) {
    const SharedState state = SharedState::anonymous();
    std::vector<char> on_time(kParticipants);
    std::vector<std::thread> threads;
    int i = 0;
    for (const Seat seat : take_seats(state)) {
      threads.emplace_back([&state, seat, result = &on_time[i++]] { *result = live(state, seat) ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    for (const char good : on_time) {
      if (good == 0) bench.SkipWithError("a participant was late");
    }
  }
}
BENCHMARK(ticks_of_threads)->Name("clock_ticks_threads")->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::sim
