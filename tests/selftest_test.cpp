// Assay tests itself with checks that are bad on purpose: each has the status and the verdict that it must
// end in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/check.h"
#include "harness/registry.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // messages by the ten thousand take minutes
#else
constexpr bool kSanitized = false;
#endif

struct Selftest {
  std::string check, verdict, status, accusation;  // status: of the check on one of its parts
};

void PrintTo(const Selftest& c, std::ostream* out) {
  *out << c.check;
}

const std::vector<Selftest>& selftests() {
  static const std::vector<Selftest> table{
      {"pass", "ACCEPT", "complete", ""},
      {"fail", "REJECT", "complete", "selftest.wrong_value"},
      {"crash", "INCONCLUSIVE", "error", "harness.worker_crashed"},
      {"abort", "INCONCLUSIVE", "error", "harness.worker_crashed"},
      {"exit", "INCONCLUSIVE", "error", "harness.worker_exit"},
      {"throw", "INCONCLUSIVE", "error", "harness.check_error"},
      {"memory", "INCONCLUSIVE", "error", "harness.out_of_memory"},
      {"hang", "INCONCLUSIVE", "error", "harness.step_timeout"},
      {"hang_hard", "INCONCLUSIVE", "error", "harness.step_timeout"},
      {"flood", "INCONCLUSIVE", "error", "harness.pipe_flood"},
      {"torn_frame", "INCONCLUSIVE", "error", "harness.protocol"},
      {"noise", "INCONCLUSIVE", "error", "harness.protocol"},
      {"nan", "INCONCLUSIVE", "error", "harness.not_finite"},
      {"wrong_unit", "INCONCLUSIVE", "error", "harness.wrong_unit"},
      {"undeclared", "INCONCLUSIVE", "error", "harness.undeclared_measurement"},
      {"silent", "INCONCLUSIVE", "error", "harness.missing_measurement"},
      {"ranks", "ACCEPT", "complete", ""},
      // Twice, while all the others have come: the GPU's.
      {"rank_missing", "REJECT", "error", "device.hung"},
      {"pair", "ACCEPT", "complete", ""},
      {"contained", "REJECT", "error", "nvlink.contained_error"},
      {"serial", "ACCEPT", "complete", ""},
      {"variants", "ACCEPT", "complete", ""},
      {"resident", "ACCEPT", "complete", ""},
      {"attach", "ACCEPT", "complete", ""},
      // Nothing asks for it, and a run that tests nothing accepts nothing.
      {"follow_up", "INCONCLUSIVE", "skip", ""},
      // Each is alone here, and waits for the other in vain.
      {"overlap_one", "REJECT", "complete", "selftest.wrong_value"},
      {"overlap_two", "REJECT", "complete", "selftest.wrong_value"},
  };
  return table;
}

/// Runs one self-test as a whole profile, so that it is no partial run.
Finished run_alone(const ScratchFolder& scratch, const std::string& check,
                   const std::string& deadline = "1 s") {
  const std::string profile = selftest_profile(scratch, check, deadline);
  return assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--profile", profile, "--limits",
                         "suites/selftest/limits.toml", "--seed", "1", "--out", scratch / "out"});
}

class SelfTests : public testing::TestWithParam<Selftest> {};

TEST_P(SelfTests, EndsAsItMust) {
  const Selftest& expected = GetParam();
  if (kSanitized && expected.check == "memory")
    GTEST_SKIP() << "the sanitizers need more address space than the test leaves";
  const ScratchFolder scratch;
  const bool must_hang =
      expected.accusation == "harness.step_timeout" || expected.accusation == "device.hung";
  const Finished run = run_alone(scratch, expected.check, must_hang ? "1 s" : kSanitized ? "600 s" : "60 s");
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_EQ(judgement.at("verdict"), expected.verdict) << run.out << run.err;
  std::vector<std::string> codes;
  for (const auto& finding : judgement.at("findings")) codes.push_back(finding.at("code"));
  if (expected.accusation.empty()) {
    EXPECT_THAT(codes, testing::IsEmpty());
  } else {
    EXPECT_THAT(codes, testing::Each(expected.accusation)) << judgement.at("findings").dump(2);
    EXPECT_THAT(codes, testing::Not(testing::IsEmpty()));
  }
  for (const auto& outcome : judgement.at("checks")) {
    if (outcome.at("check") != "selftest." + expected.check) continue;
    EXPECT_EQ(outcome.at("status"), expected.status);
    if (expected.verdict != "ACCEPT") {
      EXPECT_NE(outcome.at("result"), "pass");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SelfTests, testing::ValuesIn(selftests()),
                         [](const testing::TestParamInfo<Selftest>& c) { return c.param.check; });

TEST(SelfTests, EveryOneIsInTheTable) {
  std::vector<std::string> registered, listed;
  for (const Check& check : all_checks()) {
    const bool drill = check.name.rfind("selftest.collective_", 0) == 0;  // tests/ranks_of_one_gpu_test.cpp
    if (check.name.rfind("selftest.", 0) == 0 && !drill) registered.push_back(check.name);
  }
  for (const Selftest& c : selftests()) listed.push_back("selftest." + c.check);
  EXPECT_THAT(registered, testing::UnorderedElementsAreArray(listed));
}

TEST(SelfTests, AMissingRankIsNamed) {
  const ScratchFolder scratch;
  run_alone(scratch, "rank_missing");
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(judgement.dump(), testing::HasSubstr("gpu2"));
  EXPECT_THAT(judgement.dump(), testing::Not(testing::HasSubstr("gpu3:")));
}

}  // namespace
}  // namespace assay
