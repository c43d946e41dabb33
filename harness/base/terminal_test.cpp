#include "harness/base/terminal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace assay::terminal {
namespace {

namespace fs = std::filesystem;

TEST(Terminal, ShowsTextAsDataAndNumbersAsTheyAre) {
  ::testing::internal::CaptureStdout();
  out("{:<3}|{:>4.1f}|{}\n", "a\n", 2.5, std::string("\x1b序"));
  EXPECT_EQ(out_error(), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "a\\x0a| 2.5|\\x1b序\n");
}

TEST(Terminal, PrintsJsonWithoutAnythingHidden) {
  ::testing::internal::CaptureStdout();
  out_json({{"a", "\u202e"}});
  EXPECT_EQ(out_error(), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "{\n  \"a\": \"\\u202e\"\n}\n");
}

bool may_print(const fs::path& file) {
  const std::string name = file.filename().string(), path = file.string();
  return name == "terminal.cpp" || name == "terminal.h" || name.find("_test.") != std::string::npos ||
         name.find("_bench.") != std::string::npos || path.find("/testing/") != std::string::npos;
}

// A child logs into its run's children.log, and nobody else logs (cli/cli.cpp).
TEST(Terminal, IsTheOnlyPlaceThatPrints) {
  const std::regex printing(R"(\b(printf|fprintf|vprintf|fputs|puts|putchar|fwrite|perror|dprintf)\s*\()"
                            R"(|fmt::print|std::(cout|cerr|clog)\b|\b(stdout|stderr)\b)");
  for (const char* folder : {"harness", "reports", "suites", "kernels"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(ASSAY_SOURCE_DIR) / folder)) {
      const std::string extension = entry.path().extension().string();
      if ((extension != ".cpp" && extension != ".h" && extension != ".cu") || may_print(entry.path()))
        continue;
      std::ifstream file(entry.path());
      const std::string source{std::istreambuf_iterator<char>(file), {}};
      std::smatch found;
      EXPECT_FALSE(std::regex_search(source, found, printing)) << entry.path() << ": " << found.str();
    }
  }
}

}  // namespace
}  // namespace assay::terminal
