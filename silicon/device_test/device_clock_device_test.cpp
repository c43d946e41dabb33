// Stamps by the device's clocks, in the order of their stream.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "kernels/device_clock/device_clock.h"
#include "silicon/device_test/device_memory.h"

namespace assay::device_clock {
namespace {

struct DeviceClockDeviceHalf : testing::Test {
  memory::GpuInReach gpu;
  std::unique_ptr<DeviceClock> clock = make_device_clock(gpu, 8);
};

TEST_F(DeviceClockDeviceHalf, WhatComesLaterHasALaterTime) {
  for (std::size_t i = 0; i < 8; ++i) clock->stamp(nullptr, i);
  clock->wait(nullptr);
  const std::vector<Stamp> stamps = clock->stamps();
  ASSERT_EQ(stamps.size(), 8u);
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    EXPECT_GE(stamps[i].global_ns, stamps[i - 1].global_ns) << i;
    if (stamps[i].sm == stamps[i - 1].sm) {
      EXPECT_GT(stamps[i].cycles, stamps[i - 1].cycles) << i;
    }
    EXPECT_LT(stamps[i].sm, 1024u);
  }
  EXPECT_GT(stamps.back().global_ns, stamps.front().global_ns);
}

TEST_F(DeviceClockDeviceHalf, EachNumberIsItsOwn) {
  clock->stamp(nullptr, 5);
  clock->stamp(nullptr, 2);
  clock->wait(nullptr);
  const std::vector<Stamp> before = clock->stamps();
  EXPECT_LE(before[5].global_ns, before[2].global_ns);
  clock->stamp(nullptr, 5);
  clock->wait(nullptr);
  EXPECT_EQ(clock->stamps()[2].global_ns, before[2].global_ns);
  EXPECT_GT(clock->stamps()[5].global_ns, before[2].global_ns);
}

/// The emulated device's time passes by its work alone.
TEST_F(DeviceClockDeviceHalf, NanosecondsAreTheHosts) {
  if (gpu.emulated()) return;
  const auto begin = std::chrono::steady_clock::now();
  clock->stamp(nullptr, 0);
  clock->wait(nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  clock->stamp(nullptr, 1);
  clock->wait(nullptr);
  const std::chrono::duration<double, std::nano> most = std::chrono::steady_clock::now() - begin;
  const std::vector<Stamp> stamps = clock->stamps();
  const auto passed = static_cast<double>(stamps[1].global_ns - stamps[0].global_ns);
  EXPECT_GE(passed, 49e6);
  EXPECT_LE(passed, most.count() * 1.01);
}

}  // namespace
}  // namespace assay::device_clock
