// The ways in which NCCL is made to work.
#include "suites/collective/legal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/config/paths.h"
#include "harness/config/sku.h"
#include "suites/collective/cases.h"

namespace assay::collective {
namespace {

const std::map<Way, std::pair<std::string, std::string>> kNamesOfWays{
    {Way::by_itself, {"", ""}},
    {Way::ring_ll, {"RING", "LL"}},
    {Way::ring_ll128, {"RING", "LL128"}},
    {Way::ring_simple, {"RING", "SIMPLE"}},
    {Way::tree_ll, {"TREE", "LL"}},
    {Way::tree_ll128, {"TREE", "LL128"}},
    {Way::tree_simple, {"TREE", "SIMPLE"}},
    {Way::nvls, {"NVLS", "SIMPLE"}},
};

TEST(CollectiveWays, HaveNamesThatAreReadBack) {
  std::set<std::string> names;
  for (const Way way : kAllWays) {
    EXPECT_EQ(way_named(name_of(way)), way);
    names.insert(name_of(way));
    EXPECT_EQ(algorithm_of(way), kNamesOfWays.at(way).first);
    EXPECT_EQ(protocol_of(way), kNamesOfWays.at(way).second);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kWays));
  EXPECT_THROW(way_named("ring"), std::invalid_argument);
}

TEST(CollectiveWays, OnlySwitchesAreForced) {
  for (const Way way : kAllWays)
    EXPECT_EQ(environment_of(way).at("NCCL_NVLS_ENABLE"), way == Way::nvls ? "1" : "2") << name_of(way);
}

TEST(CollectiveWays, AllButOneNameAlgorithmAndProtocol) {
  for (const Way way : kAllWays) {
    const std::map<std::string, std::string> environment = environment_of(way);
    if (way == Way::by_itself) {
      EXPECT_EQ(environment.count("NCCL_ALGO"), 0u);
      EXPECT_EQ(environment.count("NCCL_PROTO"), 0u);
      continue;
    }
    EXPECT_EQ(environment.at("NCCL_ALGO"), kNamesOfWays.at(way).first) << name_of(way);
    EXPECT_EQ(environment.at("NCCL_PROTO"), kNamesOfWays.at(way).second) << name_of(way);
  }
}

TEST(CollectiveWays, NothingOfTheUsersReachesNccl) {
  for (const Way way : kAllWays) {
    const std::map<std::string, std::string> environment = environment_of(way);
    EXPECT_EQ(environment.at("NCCL_CONF_FILE"), "/dev/null");
    for (const char* plugin : {"NCCL_ENV_PLUGIN", "NCCL_NET_PLUGIN", "NCCL_TUNER_PLUGIN"})
      EXPECT_EQ(environment.at(plugin), "none") << plugin;
    EXPECT_EQ(environment.at("NCCL_PROFILER_PLUGIN"), "STATIC_PLUGIN");
    EXPECT_EQ(environment.at("NCCL_SOCKET_IFNAME"), "lo");
  }
}

TEST(CollectiveWays, AreVariantsOfTheChecks) {
  const std::vector<Variant> variants = variants_of_all_ways();
  ASSERT_EQ(variants.size(), static_cast<std::size_t>(kWays));
  for (std::size_t i = 0; i < variants.size(); ++i) EXPECT_EQ(way_named(variants[i].name), kAllWays[i]);
}

/// NCCL 2.28.9: src/transport/nvls.cc, src/graph/tuning.cc.
TEST(CollectiveWays, BetweenNodesNeitherSwitchesNorLl128CanBeForced) {
  const Arrangement apart(4, true);
  for (const Way way : kAllWays) {
    const bool any = is_legal(way, nccl::Collective::all_reduce, nccl::DataType::f32, nccl::Op::sum, apart);
    const bool absent = way == Way::nvls || way == Way::ring_ll128 || way == Way::tree_ll128;
    EXPECT_EQ(any, !absent) << name_of(way);
    EXPECT_TRUE(is_legal(way, nccl::Collective::all_reduce, nccl::DataType::f32, nccl::Op::sum, 4));
  }
  for (const nccl::Collective collective : {nccl::Collective::all_gather, nccl::Collective::reduce_scatter})
    EXPECT_TRUE(is_legal(Way::by_itself, collective, nccl::DataType::f32, nccl::Op::sum, apart)) << "by PAT";
}

/// A SKU whose ranks share GPUs leaves out what NCCL cannot do there, and nothing else.
TEST(CollectiveWays, ThatCannotBeAreNotRunWhereRanksShareAGpu) {
  config::Diagnostics diagnostics;
  int found = 0;
  for (const std::string& name : config::names("skus")) {
    const config::Sku sku = config::load_sku(config::resolve("skus", name), diagnostics);
    const Arrangement of(static_cast<int>(sku.slots.size()) * sku.ranks_per_gpu, sku.ranks_per_gpu > 1);
    if (!of.a_node_each) continue;
    ++found;
    for (const Way way : kAllWays) {
      for (const char* check : {"collective.correctness", "collective.locate"})
        EXPECT_EQ(config::why_not_run(sku, check, name_of(way)) != nullptr, make_cases(way, of).empty())
            << name << ": " << check << " " << name_of(way);
    }
    EXPECT_NE(config::why_not_run(sku, "collective.bandwidth", "by_itself"), nullptr) << name;
  }
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace assay::collective
