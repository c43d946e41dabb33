// Runs of some checks, or on some GPUs: what was left out keeps them from an acceptance, and is nobody's
// fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <string>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PartialRun, OfSomeChecksIsInconclusive) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--only", "memory.*"});
  EXPECT_EQ(run.exit_code, 11) << run.out;
  EXPECT_THAT(run.out, HasSubstr("--only"));
}

struct OnSome {
  std::string profile, gpus;
};
void PrintTo(const OnSome& some, std::ostream* out) {
  *out << some.profile << " --gpus " << some.gpus;
}

class PartialRunOnSomeGpus : public testing::TestWithParam<OnSome> {};

TEST_P(PartialRunOnSomeGpus, IsInconclusiveAndAccusesNothing) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--profile", GetParam().profile, "--gpus", GetParam().gpus});
  EXPECT_EQ(run.exit_code, 11) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), IsEmpty());
  EXPECT_THAT(run.out, HasSubstr("--gpus " + GetParam().gpus));
}

std::string name_of(const testing::TestParamInfo<OnSome>& some) {
  std::string name = some.param.profile + "_" + some.param.gpus;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, PartialRunOnSomeGpus,
                         testing::Values(OnSome{"quick", "0,1"}, OnSome{"acceptance", "0,1,4"},
                                         OnSome{"collectives", "2,3,5"}, OnSome{"collectives", "7"},
                                         OnSome{"links", "2,6,7"}, OnSome{"links", "7"}),
                         name_of);

}  // namespace
}  // namespace assay
