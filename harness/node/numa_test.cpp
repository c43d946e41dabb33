#include "harness/node/numa.h"

#include <gtest/gtest.h>

#include <map>

namespace assay::numa {
namespace {

using Numbers = std::vector<int>;

class Files final : public HostFiles {
 public:
  explicit Files(std::map<std::string, std::string> of_nodes) : files_(std::move(of_nodes)) {}
  std::optional<std::string> read(const std::string& path) const override {
    static const std::string kSystem = "/sys/devices/system/";
    const std::string name = path.substr(kSystem.size());
    const auto found = files_.find(name.rfind("node/", 0) == 0 ? name.substr(5) : name);
    return found == files_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::string> sha256(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> list(const std::string&) const override { return {}; }
  std::optional<std::string> resolve(const std::string&) const override { return std::nullopt; }

 private:
  std::map<std::string, std::string> files_;
};

TEST(Numa, ListsAreOfNumbersAndRanges) {
  EXPECT_EQ(list_of("0"), Numbers({0}));
  EXPECT_EQ(list_of("0-2,8,10-11"), Numbers({0, 1, 2, 8, 10, 11}));
  EXPECT_EQ(list_of(""), Numbers()) << "a node without processors";
  for (const char* odd : {"a", "1-", "-1", "3-2", "1,,2", "0-99999999", "1 2"})
    EXPECT_FALSE(list_of(odd).has_value()) << odd;
}

TEST(Numa, TheFarthestIsTheOneWithTheGreatestDistance) {
  const Files two(
      {{"online", "0-1"}, {"has_memory", "0-1"}, {"node0/distance", "10 21"}, {"node1/distance", "21 10"}});
  EXPECT_EQ(nodes(two), Numbers({0, 1}));
  EXPECT_EQ(farthest_from(two, 0), 1);
  EXPECT_EQ(farthest_from(two, 1), 0);
}

TEST(Numa, OfSubNumaClustersTheOtherSocketsAreFarAndTheFirstOfThemCounts) {
  const Files four({{"online", "0-3"}, {"has_memory", "0-3"}, {"node1/distance", "12 10 21 21"}});
  EXPECT_EQ(farthest_from(four, 1), 2);
}

TEST(Numa, ANodeWithoutMemoryIsNotCopiedTo) {
  const Files files({{"online", "0-2"}, {"has_memory", "0,2"}, {"node0/distance", "10 80 20"}});
  EXPECT_EQ(farthest_from(files, 0), 2);
}

TEST(Numa, WhereTheKernelTellsNothingThereIsNoOther) {
  const Files none({}), half({{"online", "0-1"}, {"has_memory", "0-1"}, {"node0/distance", "10 x"}});
  EXPECT_EQ(nodes(none), Numbers());
  EXPECT_EQ(farthest_from(none, 0), 0);
  EXPECT_EQ(farthest_from(none, -1), -1);
  EXPECT_EQ(farthest_from(half, 0), 1) << "another one, though nobody says how far it is";
  EXPECT_EQ(processors(none, 0), Numbers());
}

TEST(Numa, ANodesSocketIsThatOfItsProcessors) {
  const Files files({{"node2/cpulist", "4-5"}, {"cpu/cpu4/topology/physical_package_id", "1"}});
  EXPECT_EQ(socket_of(files, 2), 1);
  EXPECT_EQ(socket_of(files, 3), 0);
}

/// As Linux numbers them where the second threads of all cores come last.
TEST(Numa, OfEachCoreOneThreadIsTaken) {
  std::map<std::string, std::string> topology;
  for (int cpu = 0; cpu < 8; ++cpu)
    topology["cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list"] =
        std::to_string(cpu % 4) + "," + std::to_string(cpu % 4 + 4);
  EXPECT_EQ(one_of_each_core(Files(topology), {0, 1, 4, 5}), Numbers({0, 1}));
  EXPECT_EQ(one_of_each_core(Files({}), {0, 1, 4, 5}), Numbers({0, 1, 4, 5}));
}

}  // namespace
}  // namespace assay::numa
