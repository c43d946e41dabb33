#include "harness/telemetry/gpu_sampling.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "harness/node_real/real_clock.h"
#include "harness/node_sim/virtual_clock.h"

namespace assay::telemetry {
namespace {

using namespace std::chrono_literals;

class CountingSource : public GpuSource {
 public:
  GpuReadings readings() override {
    GpuReadings r;
    r.identity.module_id = Integer::of(++calls_);
    return r;
  }
  GpuSample sample(Nanoseconds now) override {
    GpuSample s;
    s.time = now;
    return s;
  }

 private:
  int calls_ = 0;
};

class StuckSource : public CountingSource {
 public:
  explicit StuckSource(std::shared_future<void> release) : release_(std::move(release)) {}
  GpuReadings readings() override {
    release_.wait();
    return {};
  }

 private:
  std::shared_future<void> release_;
};

TEST(GpuSampling, ReadsFreshStateAtEachRequest) {
  GpuSampling watch(std::make_unique<CountingSource>(), std::make_unique<RealClock>());
  for (int expected = 1; expected <= 3; ++expected) {
    watch.request_readings();
    const auto readings = watch.wait_for_readings(10s);
    ASSERT_TRUE(readings);
    EXPECT_EQ(readings->identity.module_id.value, expected);
  }
}

TEST(GpuSampling, ACallThatNeverReturnsLosesThisGpuOnly) {
  std::promise<void> release;
  GpuSampling stuck(std::make_unique<StuckSource>(release.get_future().share()),
                    std::make_unique<RealClock>());
  GpuSampling well(std::make_unique<CountingSource>(), std::make_unique<RealClock>());
  stuck.request_readings();
  well.request_readings();
  EXPECT_FALSE(stuck.wait_for_readings(50ms));
  EXPECT_TRUE(well.wait_for_readings(10s));
  EXPECT_TRUE(stuck.lost());
  EXPECT_FALSE(well.lost());
  release.set_value();
}

TEST(GpuSampling, SamplesOnTheGridOfVirtualTime) {
  auto state = sim::SharedState::anonymous();
  state->clock.now = 1'000 * kSecond;
  const sim::Seat watcher = sim::take_seat(state->clock);
  const sim::Seat driver = sim::take_seat(state->clock);
  GpuSampling watch(std::make_unique<CountingSource>(), std::make_unique<sim::VirtualClock>(state, watcher));
  watch.sample_at(10);
  sim::VirtualClock clock(state, driver);
  clock.sleep_for(kSecond + 50 * kMillisecond);
  const auto samples = watch.take_samples();
  ASSERT_EQ(samples.size(), 11u);
  EXPECT_EQ(samples.front().time, 1'000 * kSecond);
  EXPECT_EQ(samples.back().time, 1'001 * kSecond);
  sim::leave_seat(state->clock, driver);
}

}  // namespace
}  // namespace assay::telemetry
