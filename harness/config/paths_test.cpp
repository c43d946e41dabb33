#include "harness/config/paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "harness/config/test_files.h"

namespace assay::config {
namespace {

TEST(Paths, InstalledComesBeforeBesideComesBeforeSource) {
  const ScratchFolder root;
  const std::string binary_folder = root.path().string() + "/bin";
  std::filesystem::create_directories(binary_folder);
  EXPECT_TRUE(std::filesystem::is_directory(configs_folder_of(binary_folder)));  // the source tree's
  root.write("bin/configs/x.toml", "");
  EXPECT_EQ(configs_folder_of(binary_folder), binary_folder + "/configs");
  root.write("share/assay/configs/x.toml", "");
  EXPECT_EQ(configs_folder_of(binary_folder), root.path().string() + "/share/assay/configs");
}

TEST(Paths, ResolvesNamesAndLeavesPaths) {
  EXPECT_EQ(resolve("profiles", "quick"), configs_folder() + "/profiles/quick.toml");
  EXPECT_EQ(resolve("profiles", "./quick"), "./quick");
  EXPECT_EQ(resolve("profiles", "mine.toml"), "mine.toml");
}

TEST(Paths, NamesAreSortedTomlFilesOnly) {
  const ScratchFolder folder;
  folder.write("b.toml", "");
  folder.write("a.toml", "");
  folder.write("README.md", "");
  EXPECT_EQ(names_in(folder.path().string()), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(names_in(folder.path().string() + "/none").empty());
  const auto profiles = names("profiles");
  EXPECT_NE(std::find(profiles.begin(), profiles.end(), "quick"), profiles.end());
}

}  // namespace
}  // namespace assay::config
