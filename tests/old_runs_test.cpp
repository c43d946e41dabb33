// Runs that older versions of Assay have written stay judgeable, and can be reported (tests/data/runs).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/assay_process.h"

namespace assay::testing_tools {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

struct Old {
  const char* folder;
  const char* verdict;
  int exit_code;
  std::vector<std::string> findings;
};

void PrintTo(const Old& old, std::ostream* out) {
  *out << old.folder;
}

class OldRun : public testing::TestWithParam<Old> {
 protected:
  /// A copy, named as a simulated run is.
  std::string copy() const {
    std::string target = scratch / "SIMULATED-old";
    fs::copy(std::string(ASSAY_SOURCE_DIR) + "/tests/data/runs/" + GetParam().folder, target,
             fs::copy_options::recursive);
    return target;
  }
  ScratchFolder scratch;
};

TEST_P(OldRun, LeadsToTheVerdictThatItWasClosedWith) {
  const std::string run = copy();
  const auto judgement = judge(scratch, run);
  EXPECT_EQ(judgement.at("verdict"), GetParam().verdict) << judgement.dump(2);
  EXPECT_EQ(accusations(judgement), GetParam().findings);
  EXPECT_THAT(judgement.at("notes").dump(), Not(HasSubstr("was closed with")));
  EXPECT_THAT(judgement.at("notes").dump(), Not(HasSubstr("other criteria")));
  EXPECT_EQ(assay(scratch, {"judge", run}).exit_code, GetParam().exit_code);
}

TEST_P(OldRun, IsReportedInEveryFormat) {
  const std::string run = copy();
  for (const char* format : {"text", "html"}) {
    const Finished report = assay(scratch, {"report", run, "--format", format});
    EXPECT_EQ(report.exit_code, GetParam().exit_code == 0 ? 0 : report.exit_code) << report.err;
    EXPECT_THAT(report.out, HasSubstr(GetParam().verdict));
    EXPECT_THAT(report.out, HasSubstr("bandwidth"));
  }
}

/// That it has not been edited is found out as it was then.
TEST_P(OldRun, IsNoAcceptanceOnceItHasBeenEdited) {
  const std::string run = copy(), path = run + "/criteria.json";
  std::string criteria = read_text(path);
  criteria.replace(criteria.find("3729"), 4, "1000");
  std::ofstream(path) << criteria;
  EXPECT_EQ(assay(scratch, {"judge", run}).exit_code, 2);
}

TEST_P(OldRun, CanBeJudgedByOtherLimits) {
  const std::string limits = copy_bandwidth_limit(scratch, "min", "4790 GB/s");
  const Finished judged = assay(scratch, {"judge", copy(), "--limits", limits, "--json"});
  EXPECT_EQ(judged.exit_code, 10) << judged.err;
  EXPECT_THAT(judged.out, HasSubstr("judged by other criteria"));
}

INSTANTIATE_TEST_SUITE_P(All, OldRun,
                         testing::Values(Old{"schema-1-accept", "ACCEPT", 0, {}},
                                         Old{"schema-1-reject", "REJECT", 10, {"memory.slow@gpu6/hbm"}},
                                         Old{"schema-3-reject", "REJECT", 10, {"memory.slow@gpu6/hbm"}}),
                         [](const testing::TestParamInfo<Old>& old) {
                           std::string name = old.param.folder;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace assay::testing_tools
