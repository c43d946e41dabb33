// What the sensors said over one step, out of a run's folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::StartsWith;

struct SeriesOfStep : testing::Test {
  ScratchFolder scratch;
  std::string run;

  void SetUp() override {
    ASSERT_EQ(run_simulated(scratch).exit_code, 0);
    run = only_run(scratch);
  }
  /// Rows, the header apart.
  long rows(const std::string& step, const std::string& of_gpu) {
    const Finished finished = assay(scratch, {"report", run, "--series", step});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.out, StartsWith("time_ns,part,power_mw,"));
    std::istringstream lines(finished.out);
    long count = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("," + of_gpu + ",") == std::string::npos) continue;
      ++count;
    }
    return count;
  }
};

TEST_F(SeriesOfStep, HasTheReadingsOfItsGpuOverItsTime) {
  const std::string step = "sim-07-memory.bandwidth-gpu3";
  EXPECT_GT(rows(step, "gpu3"), 0);
  EXPECT_EQ(rows(step, "gpu4"), 0);
}

TEST_F(SeriesOfStep, OfAStepThatIsNotThereSaysWhichIsLikeIt) {
  const Finished finished = assay(scratch, {"report", run, "--series", "sim-07-memory.bandwith-gpu3"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("did you mean 'sim-07-memory.bandwidth-gpu3'?"));
}

}  // namespace
}  // namespace assay
