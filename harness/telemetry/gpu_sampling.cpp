#include "harness/telemetry/gpu_sampling.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace assay::telemetry {

struct GpuSampling::Shared {
  std::unique_ptr<GpuSource> source;
  std::unique_ptr<Clock> clock;
  std::thread thread;

  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false, stopped = false, requested = false, lost = false;
  std::optional<std::chrono::steady_clock::time_point>
      call_start;          // of the call into the driver that is under way
  Nanoseconds period = 0;  // 0: not sampling
  std::optional<GpuReadings> readings;
  std::vector<GpuSample> samples;

  void run();
  void answer_request();
  void take_sample(Nanoseconds now);
  void begin_call();
  void lose();  // caller holds the mutex
};

void GpuSampling::Shared::begin_call() {
  const std::scoped_lock lock(mutex);
  call_start = std::chrono::steady_clock::now();
}

void GpuSampling::Shared::lose() {
  lost = true;
  clock->abandon();
}

void GpuSampling::Shared::answer_request() {
  {
    const std::scoped_lock lock(mutex);
    if (!requested) return;
  }
  begin_call();
  GpuReadings fresh = source->readings();  // the call that may never return: no lock is held
  const std::scoped_lock lock(mutex);
  call_start.reset();
  readings = std::move(fresh);
  requested = false;
  changed.notify_all();
}

void GpuSampling::Shared::take_sample(Nanoseconds now) {
  begin_call();
  GpuSample fresh = source->sample(now);
  const std::scoped_lock lock(mutex);
  call_start.reset();
  samples.push_back(std::move(fresh));
}

void GpuSampling::Shared::run() {
  Nanoseconds next = kForever;
  for (;;) {
    Nanoseconds current_period = 0;
    {
      const std::scoped_lock lock(mutex);
      if (stop || lost) break;  // given up while it was stuck: it does not come back
      current_period = period;
    }
    answer_request();
    const Nanoseconds now = clock->now();
    if (current_period == 0) {
      next = kForever;
    } else if (next == kForever || now >= next) {
      take_sample(now);
      // On a grid, so that the rate holds; ticks that were missed are not made up for.
      next = (now / current_period + 1) * current_period;
    }
    {
      const std::scoped_lock lock(mutex);
      if (lost) break;
    }
    clock->sleep_until(next);
  }
  const std::scoped_lock lock(mutex);
  stopped = true;
  changed.notify_all();
}

GpuSampling::GpuSampling(std::unique_ptr<GpuSource> source, std::unique_ptr<Clock> clock)
    : shared_(std::make_shared<Shared>()) {
  shared_->source = std::move(source);
  shared_->clock = std::move(clock);
  shared_->thread = std::thread([shared = shared_] { shared->run(); });
}

GpuSampling::~GpuSampling() {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->clock->interrupt();
  std::unique_lock lock(shared_->mutex);
  const bool ended = !shared_->lost && shared_->changed.wait_for(lock, std::chrono::seconds(1),
                                                                 [this] { return shared_->stopped; });
  lock.unlock();
  if (ended) {
    shared_->thread.join();
  } else {
    shared_->thread.detach();
  }
}

void GpuSampling::sample_at(double hz) {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->period = hz > 0 ? static_cast<Nanoseconds>(static_cast<double>(kSecond) / hz) : 0;
  }
  shared_->clock->interrupt();
}

void GpuSampling::request_readings() {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->requested = true;
    shared_->readings.reset();
  }
  shared_->clock->interrupt();
}

std::optional<GpuReadings> GpuSampling::wait_for_readings(std::chrono::milliseconds timeout) {
  std::unique_lock lock(shared_->mutex);
  if (shared_->lost) return std::nullopt;
  if (!shared_->changed.wait_for(lock, timeout, [this] { return !shared_->requested; })) {
    shared_->lose();
    return std::nullopt;
  }
  return std::exchange(shared_->readings, std::nullopt);
}

void GpuSampling::lose_if_stuck(std::chrono::milliseconds timeout) {
  const std::scoped_lock lock(shared_->mutex);
  const auto& start = shared_->call_start;
  if (!shared_->lost && start && std::chrono::steady_clock::now() - *start > timeout) shared_->lose();
}

std::vector<GpuSample> GpuSampling::take_samples() {
  const std::scoped_lock lock(shared_->mutex);
  return std::exchange(shared_->samples, {});
}

bool GpuSampling::lost() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->lost;
}

}  // namespace assay::telemetry
