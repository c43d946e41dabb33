#include "harness/telemetry/series_file.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/testing/scratch_folder.h"

namespace assay::telemetry {
namespace {

std::string decompress(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::string text;
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::vector<char> chunk(ZSTD_DStreamOutSize());
  while (in.pos < in.size) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    if (ZSTD_isError(ZSTD_decompressStream(context, &out, &in))) break;
    text.append(chunk.data(), out.pos);
    if (out.pos == 0 && in.pos == in.size) break;
  }
  ZSTD_freeDCtx(context);
  return text;
}

struct SeriesFileTest : testing::Test {
  testing_tools::ScratchFolder folder;
  std::string path = folder / "telemetry.csv.zst";

  static GpuSample sample(Nanoseconds time, std::int64_t power_mw = 75'000) {
    GpuSample s;
    s.time = time;
    s.power_mw = Integer::of(power_mw);
    s.memory_temperature_c = Integer::none("not_supported");
    return s;
  }
};

TEST_F(SeriesFileTest, WritesOneHeaderAlsoAcrossAResume) {
  {
    SeriesFile file(path);
    file.add("gpu0", sample(1));
  }
  {
    SeriesFile file(path);
    file.add("gpu1", sample(2));
  }
  EXPECT_EQ(decompress(path),
            SeriesFile::header() + "1,gpu0,75000,,,,,,,,,,,,sample,1\n2,gpu1,75000,,,,,,,,,,,,sample,1\n");
}

TEST_F(SeriesFileTest, ATornLastFrameLeavesTheFramesBefore) {
  {
    SeriesFile file(path);
    file.add("gpu0", sample(1));
    file.end_stretches();
    file.flush();
    for (Nanoseconds i = 0; i < 1000; ++i) file.add("gpu0", sample(i * 7919, 75'000 + i % 2 * 100'000));
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 20);
  const std::string whole = SeriesFile::header() + "1,gpu0,75000,,,,,,,,,,,,sample,1\n";
  EXPECT_EQ(decompress(path).substr(0, whole.size()), whole);
}

}  // namespace
}  // namespace assay::telemetry
