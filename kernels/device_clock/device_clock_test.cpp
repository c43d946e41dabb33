#include "kernels/device_clock/device_clock.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::device_clock {
namespace {

/// Goes on by a step each time it is looked at.
class SteppingClock final : public Clock {
 public:
  explicit SteppingClock(std::vector<Nanoseconds> steps) : steps_(std::move(steps)) {}
  Nanoseconds now() const override { return now_ += steps_[next_++ % steps_.size()]; }
  bool sleep_until(Nanoseconds deadline) override {
    now_ = deadline;
    return true;
  }
  void interrupt() override {}
  Nanoseconds true_now() const { return now_; }

 private:
  std::vector<Nanoseconds> steps_;
  mutable std::size_t next_ = 0;
  mutable Nanoseconds now_ = 1'000'000;
};

/// Stamps so much after the host's clock was looked at last.
class DeviceBeside final : public DeviceClock {
 public:
  DeviceBeside(const SteppingClock& host, Nanoseconds behind) : host_(host), behind_(behind) {}
  void stamp(void*, std::size_t number) override {
    stamps_.resize(std::max(stamps_.size(), number + 1));
    stamps_[number].global_ns = static_cast<std::uint64_t>(host_.true_now() + 10 - behind_);
  }
  void wait(void*) override {}
  std::vector<Stamp> stamps() override { return stamps_; }

 private:
  const SteppingClock& host_;
  Nanoseconds behind_;
  std::vector<Stamp> stamps_;
};

TEST(DeviceClock, TheOffsetIsWithinItsError) {
  SteppingClock host({100, 400});
  DeviceBeside device(host, 12345);
  const Offset offset = measure_offset(device, host, 3, 1);
  EXPECT_EQ(offset.error_ns, 200);
  EXPECT_LE(std::abs(offset.ns - 12345), offset.error_ns);
}

TEST(DeviceClock, TheClosestOfManyTriesCounts) {
  SteppingClock host({10, 900, 10, 40, 10, 700});
  DeviceBeside device(host, -777);
  const Offset offset = measure_offset(device, host, 0, 3);
  EXPECT_EQ(offset.error_ns, 20);
  EXPECT_LE(std::abs(offset.ns + 777), 20);
}

TEST(DeviceClock, BetweenTwoOffsetsTimeIsOnAStraightLine) {
  // The device is fast by a thousandth, from 5000 on.
  const ToHostTime to_host({10'000, 5'000, 30}, {1'010'000, 4'000, 20});
  EXPECT_EQ(to_host(5'000), 10'000);
  EXPECT_NEAR(static_cast<double>(to_host(505'500)), 510'000, 2);
  EXPECT_NEAR(static_cast<double>(to_host(1'006'000)), 1'010'000, 2);
  EXPECT_EQ(to_host.error_ns(), 30);
}

/// As on a device whose clock begins after the host's, by more than either has run.
TEST(DeviceClock, AnOriginOfItsOwnIsNoError) {
  const Nanoseconds origin = 1'700'000'000'000'000'000;
  const ToHostTime to_host({origin, origin - 40, 5}, {origin + 1000, origin - 40, 5});
  EXPECT_EQ(to_host(540), origin + 500);
}

}  // namespace
}  // namespace assay::device_clock
