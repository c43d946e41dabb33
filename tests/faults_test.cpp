// Every fault of the catalogue ends in its verdict, its code and its part, and accuses nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/config/fault.h"
#include "harness/config/paths.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;

int exit_code_of(const std::string& verdict) {
  return verdict == "ACCEPT" ? 0 : verdict == "REJECT" ? 10 : 11;
}

config::Fault load(const std::string& name) {
  config::Diagnostics diagnostics;
  auto fault = config::load_fault(config::resolve("faults", name), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  return fault;
}

class Faults : public testing::TestWithParam<std::string> {};

TEST_P(Faults, EndsInItsVerdictCodeAndPartAndAccusesNothingElse) {
  const config::Fault fault = load(GetParam());
  const ScratchFolder scratch;
  const std::string profile = fault.kind == "worker_hang" ? impatient_profile(scratch) : "quick";
  const Finished run =
      assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--profile", profile, "--seed", "7",
                      "--out", scratch / "out", "--fault", "configs/faults/" + GetParam() + ".toml"});
  EXPECT_EQ(run.exit_code, exit_code_of(fault.expect.verdict)) << run.out << run.err;
  const auto judgement = judge(scratch, scratch.only_run());
  EXPECT_EQ(judgement.at("verdict"), fault.expect.verdict);
  EXPECT_THAT(accusations(judgement), testing::ElementsAre(fault.expect.code + "@" + fault.expect.part))
      << judgement.at("findings").dump(2);
  EXPECT_THAT(run.out, testing::HasSubstr(fault.expect.part));
}

std::string test_name(const testing::TestParamInfo<std::string>& fault) {
  std::string name = fault.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Faults, testing::ValuesIn(config::names("faults")), test_name);

TEST(SeveralFaults, AreToldApart) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--fault", "configs/faults/slow-hbm.toml", "--fault",
                                               "configs/faults/data-wire.toml:part=gpu2/hbm", "--fault",
                                               "configs/faults/worker-crash.toml"});
  EXPECT_EQ(run.exit_code, 10) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, scratch.only_run())),
              testing::ElementsAre("harness.worker_crashed@harness", "memory.miscompare@gpu2/hbm",
                                   "memory.slow@gpu6/hbm"));
}

TEST(HealthyNodes, OfSeveralSeedsAreAccepted) {
  for (int seed = 1; seed <= 12; ++seed) {
    const ScratchFolder scratch;
    const Finished run = assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--seed",
                                         std::to_string(seed), "--out", scratch / "out", "--json"});
    EXPECT_EQ(run.exit_code, 0) << "seed " << seed << "\n" << run.out << run.err;
  }
}

}  // namespace
}  // namespace assay
