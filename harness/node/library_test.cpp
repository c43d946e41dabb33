#include "harness/node/library.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace assay {
namespace {

TEST(Library, SaysWhyItCannotBeOpened) {
  std::string why_not;
  EXPECT_EQ(Library::open("/nowhere/libnothing.so", why_not), nullptr);
  EXPECT_NE(why_not.find("/nowhere/libnothing.so"), std::string::npos) << why_not;
}

TEST(Library, FoundByItsSonameItNamesItsFile) {
  std::string why_not;
  const auto library = Library::open("libm.so.6", why_not);
  ASSERT_NE(library, nullptr) << why_not;
  EXPECT_TRUE(std::filesystem::path(library->file()).is_absolute()) << library->file();
  EXPECT_NE(library->symbol("cos"), nullptr);
  EXPECT_EQ(library->symbol("no_such_function"), nullptr);
  EXPECT_FALSE(library->is_stand_in());
}

TEST(Library, AStandInSaysSo) {
  std::string why_not;
  const auto library = Library::open(ASSAY_SIMULATED_NVML, why_not);
  ASSERT_NE(library, nullptr) << why_not;
  EXPECT_TRUE(library->is_stand_in());
}

}  // namespace
}  // namespace assay
