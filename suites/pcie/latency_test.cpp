#include <gtest/gtest.h>

#include <optional>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

struct PcieLatency : CheckOnSimulatedGpu {
  PcieLatency() { state_->plant.launch_noise = 0; }
  void run() {
    collector.emplace(check("pcie.latency"), state_, 0.0);
    check("pcie.latency").run(*collector);
  }
  double value(const char* name) const { return collector->values.at(name); }
  std::optional<Collector> collector;
};

TEST_F(PcieLatency, IsThatOfOneLoadAndOfASmallCopy) {
  run();
  EXPECT_NEAR(value("flag"), 1.19 + 8.0 / 32, 0.02) << "with its part of the launch";
  EXPECT_NEAR(value("copy_to_device"), 4.5, 0.1);
  EXPECT_NEAR(value("copy_to_host"), 4.5, 0.1);
  EXPECT_GE(value("flag_p99"), value("flag"));
  EXPECT_EQ(value("wrong_words"), 0);
}

TEST_F(PcieLatency, GrowsWithWhatTheGpuWaits) {
  plant("host_latency", {{"factor", 3}});
  run();
  EXPECT_NEAR(value("flag"), 3 * 1.19 + 8.0 / 32, 0.02);
  EXPECT_NEAR(value("copy_to_host"), 4.5, 0.1);
}

TEST_F(PcieLatency, WhatArrivesOtherwiseThanItWasSentIsCounted) {
  plant("pcie_corrupts", {{"every", 5}, {"bit", 77}});
  run();
  EXPECT_GT(value("wrong_words"), 0);
}

}  // namespace
}  // namespace assay
