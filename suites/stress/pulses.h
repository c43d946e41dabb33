// The load of a node that goes up and down by the clock, on all GPUs at once: which frequencies, how long
// each, and when the next pulse is due.
#pragma once

#include <vector>

#include "harness/model/time.h"

namespace assay {

struct PulseTrain {
  double frequency_hz;
  double duty;        // at work, of each period
  double duration_s;  // of the train
};

/// From the slowest to the fastest, each with half of the period at work, then a quarter and three quarters.
/// What supplies and their regulation resonate with is not known: so one from each part of the range.
inline constexpr double kPulseFrequencies_hz[] = {0.5, 1, 2, 5, 10, 20, 50};
inline constexpr double kPulseDuties[] = {0.5, 0.25, 0.75};
/// Of a train: what resonates takes some swings to ring up.
inline constexpr int kFewestPulses = 3;
inline constexpr double kShortestTrain_s = 1;

/// All of them, in so many seconds together, or in as many as the shortest of each take. Slow ones get
/// more of the time, fast ones more pulses.
std::vector<PulseTrain> pulse_trains(double duration_s);
/// The rest behind the last pulse of each is not waited for.
double seconds_of_trains(const std::vector<PulseTrain>& trains);

/// Pulses of a train that begins at `start`: where one takes longer than its period, those that it covers are
/// left out.
class PulseSchedule {
 public:
  PulseSchedule(const PulseTrain& train, Nanoseconds start) : train_(train), start_(start) {}
  /// When the next pulse begins that does not lie before `now`; nothing once the train is over.
  bool next(Nanoseconds now, Nanoseconds& at);
  int left_out() const { return left_out_; }

 private:
  PulseTrain train_;
  Nanoseconds start_;
  int number_ = 0, left_out_ = 0;
};

}  // namespace assay
