// What holds clocks down, as a run of the node sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::ElementsAre;
using testing::IsEmpty;

/// The driver answers with these reasons, and its counters of time stand still.
std::vector<std::string> reasons(int bits, const std::vector<int>& slots) {
  std::vector<std::string> arguments;
  for (const int slot : slots) {
    arguments.emplace_back("--fault");
    arguments.push_back("nvml-answer:function=nvmlDeviceGetCurrentClocksEventReasons,value=" +
                        std::to_string(bits) + ",part=gpu" + std::to_string(slot));
  }
  return arguments;
}

std::vector<std::string> accused_with(const std::vector<std::string>& arguments, int exit_code) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, arguments);
  EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
  return accusations(judge(scratch, only_run(scratch)));
}

constexpr int kPowerCap = 0x04, kHardwareThermal = 0x48, kPowerBrake = 0x88, kHardwareOther = 0x08;

/// As has been seen on nodes whose supply failed: 345 MHz and 0x88 on all GPUs.
TEST(Throttling, ThatSamplesAloneShowCounts) {
  EXPECT_THAT(accused_with(reasons(kPowerBrake, {0, 1, 2, 3, 4, 5, 6, 7}), 11),
              ElementsAre("environment.power_brake@environment"));
  EXPECT_THAT(accused_with(reasons(kHardwareThermal, {2}), 10), ElementsAre("thermal.slowed_down@gpu2"));
  EXPECT_THAT(accused_with(reasons(kHardwareOther, {2}), 0), IsEmpty()) << "it does not say what for";
}

TEST(Throttling, ByThePowerLimitIsWhatFullLoadMeans) {
  EXPECT_THAT(accused_with(reasons(kPowerCap, {0, 1, 2, 3, 4, 5, 6, 7}), 0), IsEmpty());
}

/// A row of four in a node of eight shares its air; three GPUs are each accused.
TEST(Throttling, OfHalfOfTheGpusIsWhatTheyShare) {
  EXPECT_THAT(accused_with(reasons(kHardwareThermal, {0, 2, 4, 6}), 11),
              ElementsAre("environment.cooling@environment"));
  EXPECT_THAT(
      accused_with(reasons(kHardwareThermal, {0, 2, 4}), 10),
      ElementsAre("thermal.slowed_down@gpu0", "thermal.slowed_down@gpu2", "thermal.slowed_down@gpu4"));
}

/// What the room explains, it explains of the GPUs that became hot.
TEST(Throttling, ThatMostShareExcusesNoOther) {
  std::vector<std::string> arguments = reasons(kHardwareThermal, {0, 1, 2, 3, 4});
  arguments.insert(arguments.end(), {"--fault", "slow-hbm"});
  EXPECT_THAT(accused_with(arguments, 11),
              testing::UnorderedElementsAre("environment.cooling@environment", "memory.slow@gpu6/hbm"));
}

TEST(Throttling, ForAMomentIsNoise) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--fault", "power-brake:after=9.03,for=0.015"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), IsEmpty());
  double most_s = 0;
  std::istringstream records(read_text(only_run(scratch) + "/records.jsonl"));
  for (std::string line; std::getline(records, line);) {
    const auto step = nlohmann::json::parse(line).value("testStepArtifact", nlohmann::json::object());
    const auto measured = step.value("measurement", nlohmann::json::object());
    if (measured.value("name", "") == "power_brake")
      most_s = std::max(most_s, measured.at("value").get<double>());
  }
  EXPECT_NEAR(most_s, 0.015, 1e-6) << "it was there";
}

TEST(Throttling, InAHotRoomIsTheRoomsWhereTheControllerSaysSo) {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--fault", "hot-room"});
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judgement), ElementsAre("environment.hot_inlet@environment"));
  EXPECT_THAT(judgement.at("findings").at(0).at("consequences").dump(),
              testing::HasSubstr("environment.cooling"));
}

/// A virtual machine has no controller to ask.
TEST(Throttling, InAHotRoomIsWhatAllShareWhereNobodyCanBeAsked) {
  const ScratchFolder scratch;
  const Finished run = assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu-vm.toml", "--profile",
                                       "quick", "--out", scratch / "out", "--fault", "hot-room"});
  EXPECT_EQ(run.exit_code, 11) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), ElementsAre("environment.cooling@environment"));
}

/// The others wait for one that hangs, and what they draw meanwhile is nobody's fault.
TEST(Throttling, WhoWaitsForAnotherIsNotTakenToBeHeldDown) {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--profile", "stress", "--fault", "worker-hang"});
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_EQ(judgement.dump().find("compute.slow_clock"), std::string::npos) << judgement.dump(1);
}

}  // namespace
}  // namespace assay
