// The house holds: every #include follows the arrows of cmake/layers.cmake, the arrows run one way, and
// harness/README.md shows the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/assay_process.h"

namespace assay::testing_tools {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

struct Layer {
  std::string name;
  Names uses;
};

std::string source(const std::string& path) {
  return std::string(ASSAY_SOURCE_DIR) + "/" + path;
}

Names words_of(const std::string& text) {
  static const std::regex word("[^\\s,`]+");
  return {std::sregex_token_iterator(text.begin(), text.end(), word), {}};
}

/// From the bottom up, as the table has them.
std::vector<Layer> layers() {
  static const std::regex entry("\nassay_layer\\((\\S+?)( USES ([^)]*))?\\)");
  const std::string table = read_text(source("cmake/layers.cmake"));
  std::vector<Layer> all;
  for (std::sregex_iterator at(table.begin(), table.end(), entry), end; at != end; ++at)
    all.push_back({(*at)[1], words_of((*at)[3])});
  return all;
}

/// "telemetry" of "harness/telemetry/sampler.cpp", "check.h" of "harness/check.h", "suites" of "suites/...".
/// The innermost folder that is a layer counts.
std::string layer_of(const std::string& path, const Names& names) {
  const bool in_harness = path.rfind("harness/", 0) == 0;
  fs::path place = in_harness ? path.substr(std::string("harness/").size()) : path;
  if (in_harness && !place.has_parent_path()) return place.stem().string() + ".h";
  for (place = place.parent_path(); !place.empty(); place = place.parent_path()) {
    if (names.count(place.string()) != 0) return place.string();
  }
  return "";
}

bool is_for_tests(const fs::path& file) {
  const std::string path = file.string();
  for (const char* mark :
       {"_test.cpp", "_bench.cpp", "/testing/", "_fixture.h", "_for_tests.h", "test_files.h"}) {
    if (path.find(mark) != std::string::npos) return true;
  }
  return false;
}

struct Include {
  std::string from, to;  // paths in the source tree
};

std::vector<Include> includes() {
  static const std::regex line("\\s*#include \"((harness|suites|kernels|silicon|reports)/[^\"]+)\".*");
  std::vector<Include> all;
  for (const char* folder : {"harness", "suites", "kernels", "silicon", "reports"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source(folder))) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu") continue;
      if (is_for_tests(entry.path())) continue;
      std::ifstream file(entry.path());
      std::smatch found;
      for (std::string text; std::getline(file, text);) {
        if (std::regex_match(text, found, line))
          all.push_back({fs::relative(entry.path(), ASSAY_SOURCE_DIR).string(), found[1]});
      }
    }
  }
  return all;
}

TEST(Layers, UseOnlyWhatStandsBelowThem) {
  Names below;
  for (const Layer& layer : layers()) {
    for (const std::string& used : layer.uses)
      EXPECT_EQ(below.count(used), 1u) << layer.name << " uses " << used << ", which does not stand below it";
    EXPECT_TRUE(below.insert(layer.name).second) << layer.name << " stands there twice";
  }
  EXPECT_GT(below.size(), 10u);
}

TEST(Layers, EveryIncludeFollowsAnArrow) {
  Names names;
  std::map<std::string, Names> uses;
  for (const Layer& layer : layers()) {
    names.insert(layer.name);
    uses[layer.name] = layer.uses;
  }
  std::map<std::string, Names> used;
  const std::vector<Include> all = includes();
  EXPECT_GT(all.size(), 300u);
  for (const Include& include : all) {
    const std::string from = layer_of(include.from, names), to = layer_of(include.to, names);
    ASSERT_EQ(names.count(from), 1u) << include.from << " is in no layer of cmake/layers.cmake";
    ASSERT_EQ(names.count(to), 1u) << include.to << " is in no layer of cmake/layers.cmake";
    if (from == to) continue;
    EXPECT_EQ(uses[from].count(to), 1u)
        << include.from << " includes " << include.to << ": there is no arrow from " << from << " to " << to;
    used[from].insert(to);
  }
  for (const auto& [layer, allowed] : uses) {
    for (const std::string& other : allowed)
      EXPECT_EQ(used[layer].count(other), 1u)
          << layer << " may use " << other << " and does not: take the arrow out";
  }
}

TEST(Layers, AreThoseThatTheReadmeShows) {
  static const std::regex row("\\| `([^`]+)`[^|]*\\|[^|]*\\| ([^|]*) \\|");
  std::map<std::string, Names> shown;
  std::ifstream readme(source("harness/README.md"));
  bool in_table = false;
  for (std::string line; std::getline(readme, line);) {
    in_table = line.rfind("| layer |", 0) == 0 || (in_table && line.rfind('|', 0) == 0);
    std::smatch found;
    if (!in_table || !std::regex_match(line, found, row)) continue;
    std::string name = found[1];
    if (name.back() == '/') name.pop_back();
    shown[name] = found[2] == "nothing" ? Names{} : words_of(found[2]);
  }
  const std::vector<Layer> all = layers();
  EXPECT_EQ(shown.size(), all.size());
  for (const Layer& layer : all) {
    ASSERT_EQ(shown.count(layer.name), 1u) << "harness/README.md does not show " << layer.name;
    EXPECT_EQ(shown[layer.name], layer.uses) << layer.name;
  }
}

}  // namespace
}  // namespace assay::testing_tools
