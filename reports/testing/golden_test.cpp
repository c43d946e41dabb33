#include "reports/testing/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace assay::reports::samples {

std::string difference_from_golden(const std::string& path, const std::string& actual) {
  const std::filesystem::path file = std::filesystem::path(ASSAY_SOURCE_DIR) / path;
  const char* update = std::getenv("ASSAY_UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << actual;
    return {};
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return "no golden file " + path;
  std::istringstream expected(std::string(std::istreambuf_iterator<char>(stream), {}));
  std::istringstream got(actual);
  if (expected.str() == actual) return {};
  std::string expected_line, actual_line;
  for (int line = 1;; ++line) {
    const bool more_expected = static_cast<bool>(std::getline(expected, expected_line));
    const bool more_actual = static_cast<bool>(std::getline(got, actual_line));
    if (more_expected && more_actual && expected_line == actual_line) continue;
    return fmt::format("{}:{}: expected\n  {}\ngot\n  {}", path, line,
                       more_expected ? expected_line : "(end of file)",
                       more_actual ? actual_line : "(end of report)");
  }
}

TEST(Golden, NamesTheFirstLineThatDiffers) {
  if (std::getenv("ASSAY_UPDATE_GOLDEN") != nullptr) GTEST_SKIP() << "would write the file";
  EXPECT_EQ(difference_from_golden("reports/README.md", "# Reports\nx").substr(0, 30),
            "reports/README.md:2: expected\n");
  EXPECT_EQ(difference_from_golden("reports/no_such_file", ""), "no golden file reports/no_such_file");
}

}  // namespace assay::reports::samples
