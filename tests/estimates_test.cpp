// What a plan says that it will take, a simulated node takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <limits>
#include <map>
#include <string>

#include "harness/config/paths.h"
#include "harness/config/speed_file.h"
#include "harness/record/reader.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;

/// Of "2026-01-15T08:30:00.000000001Z".
double seconds_of(const std::string& time) {
  std::tm date{};
  const char* const fraction = strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
  EXPECT_NE(fraction, nullptr) << time;
  const std::string digits = fraction == nullptr ? "" : std::string(fraction, time.size() - 1 - 19);
  return static_cast<double>(timegm(&date)) + (digits.empty() ? 0 : std::stod("0" + digits));
}

struct Span {
  double begin = std::numeric_limits<double>::max(), end = 0;
};

void expect_within_a_tenth(const ScratchFolder& scratch, const std::string& profile, int exit_code) {
  const Finished run = assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--profile",
                                       profile, "--seed", "7", "--out", scratch / "out", "--quiet"});
  ASSERT_EQ(run.exit_code, exit_code) << run.err;
  const RunRecord done = record::read_records(only_run(scratch) + "/records.jsonl");
  std::map<int, Span> spans;
  for (const Step& step : done.steps) {
    Span& span = spans[step.stage];
    span.begin = std::min(span.begin, seconds_of(step.started));
    span.end = std::max(span.end, seconds_of(step.ended));
  }
  for (const Stage& stage : done.plan.stages) {
    if (stage.placements.front().condition) continue;  // nothing asks for it
    const double took = spans.at(stage.index).end - spans.at(stage.index).begin;
    // A resident's own, and what it stays over.
    double estimate_s = 0;
    for (int index = stage.index; index <= stage.placements.front().last_stage; ++index)
      estimate_s += done.plan.stages.at(static_cast<std::size_t>(index)).estimate_s;
    EXPECT_NEAR(took, estimate_s, estimate_s / 10)
        << stage.placements.front().bodies.front().check << " in stage " << stage.index;
  }
}

class Estimates : public testing::TestWithParam<std::string> {};

TEST_P(Estimates, HoldWithinATenth) {
  const ScratchFolder scratch;
  expect_within_a_tenth(scratch, GetParam(), 0);
}

INSTANTIATE_TEST_SUITE_P(Profiles, Estimates,
                         testing::Values("quick", "links", "collectives", "stress", "swings", "workloads",
                                         "nightly", "acceptance"));

TEST(Plans, CountTheSharesOfWhatOverlaps) {
  const ScratchFolder scratch;
  const std::string profile = scratch.write("overlap.toml",
                                            "summary = \"s\"\nsample_hz = 10\nidle_timeout = \"5 "
                                            "s\"\n[[checks]]\noverlap = [{ check = \"memory.sweep\", "
                                            "duration = \"0 s\", memory_share = 0.3 }, { check = "
                                            "\"memory.bandwidth\", duration = \"2 s\", memory_share = "
                                            "0.3 }]\ndeadline = \"60 s\"\n");
  expect_within_a_tenth(scratch, profile, 11);
}

TEST(Plans, TakeTheTimeThatTheProfilesPromise) {
  const ScratchFolder scratch;
  const auto seconds = [&](const std::string& profile) {
    const Finished plan = assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile", profile, "--json"});
    EXPECT_EQ(plan.exit_code, 0) << plan.err;
    double sum = 0;
    const auto parsed = nlohmann::json::parse(plan.out);
    for (const auto& stage : parsed.at("stages")) sum += stage.at("estimate_s").get<double>();
    return sum;
  };
  EXPECT_LE(seconds("quick"), 60);
  EXPECT_LE(seconds("links"), 20);
  EXPECT_LE(seconds("collectives"), 240);
  EXPECT_LE(seconds("nightly"), 300);
  EXPECT_GE(seconds("burn-in"), 4 * 3600);
}

/// Device time of nvbandwidth's default set on eight GPUs at the same rates, by what its README and sources
/// say: 3 samples of 16 copies of 512 MiB for each cell, by copy engines and again by kernels; without what
/// it allocates and checks.
double nvbandwidth_seconds(const DeviceSpeed& speed) {
  constexpr double kCell = 3.0 * 16 * (512ull << 20), kGpus = 8, kEngines = 2;
  const double host_s = kCell / speed.rate(WorkKind::host_to_device),
               peer_s = kCell / speed.rate(WorkKind::to_peer);
  constexpr double kOfHost = 4;   // to the device, from it, and each beside the other
  constexpr double kOfPairs = 4;  // reads and writes, one way and both
  constexpr double kOfAll = 4;    // all to the host, the host to all, and each beside the other
  constexpr double kOfOne = 4;    // all to one and one to all, reads and writes: a GPU's link carries seven
  return kEngines * (kOfHost * kGpus * host_s + kOfPairs * kGpus * (kGpus - 1) * peer_s + kOfAll * host_s +
                     kOfOne * kGpus * (kGpus - 1) * peer_s);
}

TEST(Plans, TestAllLinksOfEightGpusInAMinuteAndAHalf) {
  const ScratchFolder scratch;
  const Finished plan = assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile", "acceptance",
                                        "--only", "pcie.*,nvlink.*", "--json"});
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  double links_s = 0;
  const auto parsed = nlohmann::json::parse(plan.out);
  for (const auto& stage : parsed.at("stages")) links_s += stage.at("estimate_s").get<double>();
  config::Diagnostics diagnostics;
  const DeviceSpeed speed = config::load_speed(config::resolve("speeds", "h200"), diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  const double peer_s = nvbandwidth_seconds(speed);
  std::cout << "pcie.* and nvlink.*: " << links_s << " s; nvbandwidth's default set: " << peer_s << " s\n";
  EXPECT_GT(links_s, 5);
  EXPECT_LE(links_s, 90);
  EXPECT_LT(links_s, peer_s / 2);
}

/// With what follows only where something is wrong.
TEST(Plans, TestAllCollectivesOfEightGpusInFourMinutes) {
  const ScratchFolder scratch;
  const Finished plan = assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile", "acceptance",
                                        "--only", "collective.*", "--json"});
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  double all_s = 0;
  const auto parsed = nlohmann::json::parse(plan.out);
  for (const auto& stage : parsed.at("stages")) all_s += stage.at("estimate_s").get<double>();
  EXPECT_GT(all_s, 20);
  EXPECT_LE(all_s, 240);
}

TEST(Plans, AreMadeOfTheSiliconPacksProfile) {
  const ScratchFolder scratch;
  const Finished plan = assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile",
                                        std::string(ASSAY_SOURCE_DIR) + "/silicon/overlap.toml"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
}

TEST(Plans, ThatWouldStopAGoodGpuAreRefused) {
  const ScratchFolder scratch;
  const std::string profile = scratch.write("short.toml",
                                            "summary = \"s\"\nsample_hz = 10\nidle_timeout = \"5 "
                                            "s\"\n[[checks]]\ncheck = \"memory.sweep\"\nduration = "
                                            "\"0 s\"\ndeadline = \"2 s\"\n");
  const Finished plan = assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile", profile});
  EXPECT_EQ(plan.exit_code, 2);
  EXPECT_NE(plan.err.find("a good GPU would fail"), std::string::npos) << plan.err;
}

}  // namespace
}  // namespace assay
