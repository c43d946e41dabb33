#include "suites/stress/pulses.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace assay {
namespace {

/// A pulse that begins later than by this share of its period is not in phase any more.
constexpr double kLatestShare = 0.1;

double last_rest_s(double frequency_hz, double duty) {
  return (1 - duty) / frequency_hz;
}

/// Of all trains of these frequencies: after the last pulse of each nothing is waited for.
double seconds_of_last_rests() {
  double seconds = 0;
  for (const double frequency_hz : kPulseFrequencies_hz)
    for (const double duty : kPulseDuties) seconds += last_rest_s(frequency_hz, duty);
  return seconds;
}

}  // namespace

std::vector<PulseTrain> pulse_trains(double duration_s) {
  double weights = 0;
  for (const double frequency_hz : kPulseFrequencies_hz)
    weights += static_cast<double>(std::size(kPulseDuties)) / std::sqrt(frequency_hz);
  const double periods_s = duration_s + seconds_of_last_rests();
  std::vector<PulseTrain> trains;
  for (const double frequency_hz : kPulseFrequencies_hz) {
    const double share_s = std::max(kShortestTrain_s, periods_s / std::sqrt(frequency_hz) / weights);
    const double pulses = std::max<double>(kFewestPulses, std::floor(share_s * frequency_hz));
    for (const double duty : kPulseDuties) trains.push_back({frequency_hz, duty, pulses / frequency_hz});
  }
  return trains;
}

double seconds_of_trains(const std::vector<PulseTrain>& trains) {
  return std::accumulate(trains.begin(), trains.end(), 0.0, [](double sum, const PulseTrain& train) {
    return sum + train.duration_s - last_rest_s(train.frequency_hz, train.duty);
  });
}

bool PulseSchedule::next(Nanoseconds now, Nanoseconds& at) {
  const double period_s = 1 / train_.frequency_hz;
  const auto last = static_cast<int>(std::lround(train_.duration_s * train_.frequency_hz));
  for (; number_ < last; ++number_, ++left_out_) {
    at = start_ + nanoseconds_of(number_ * period_s);
    if (now > at + nanoseconds_of(kLatestShare * period_s)) continue;
    ++number_;
    return true;
  }
  return false;
}

}  // namespace assay
