#include "harness/telemetry/series_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "harness/telemetry/series_file.h"
#include "harness/testing/scratch_folder.h"

namespace assay::telemetry {
namespace {

struct SeriesReader : testing::Test {
  testing_tools::ScratchFolder folder;
  std::string path = folder / "telemetry.csv.zst";

  void write(int from, int to) const {
    SeriesFile file(path);
    for (int i = from; i < to; ++i) {
      GpuSample sample;
      sample.time = i;
      sample.power_mw = Integer::of(i % 2 == 0 ? 100'000 : 600'000);
      file.add(i % 3 == 0 ? "gpu0" : "gpu5", sample);
      if (i % 100 == 0) file.flush();
    }
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for_each_line(path, [&](const SeriesLine& line) {
      EXPECT_EQ(line.part, line.time % 3 == 0 ? "gpu0" : "gpu5");
      all.emplace_back(line.text);
    });
    return all;
  }
};

TEST_F(SeriesReader, ReadsWhatWasWrittenAcrossAResume) {
  write(0, 500);
  write(500, 1000);
  const auto all = lines();
  ASSERT_EQ(all.size(), 1000u);
  EXPECT_EQ(std::count(all.begin(), all.end(), "1,gpu5,600000,,,,,,,,,,,,sample,1"), 1);
}

TEST_F(SeriesReader, LeavesOutWhatIsTorn) {
  write(0, 500);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 20);
  const auto all = lines();
  EXPECT_LT(all.size(), 500u);
  EXPECT_GE(all.size(), 300u);
}

TEST_F(SeriesReader, SaysWhatIsNoSeries) {
  EXPECT_THROW(lines(), std::runtime_error);
  std::ofstream(path) << "time,part\n";
  EXPECT_THROW(lines(), std::runtime_error);
}

}  // namespace
}  // namespace assay::telemetry
