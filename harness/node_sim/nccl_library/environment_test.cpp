// What the environment makes of the stand-in's communicators: algorithms, protocols, NVLS, hosts.
#include <gtest/gtest.h>

#include <map>

#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {
namespace {

namespace cuda = cuda_emulation;
using cuda::Arriving;
using cuda::CollectiveCall;

TEST_F(NcclLibrary, WordsThatNobodyKnowsFailInitialisation) {
  struct Words {
    const char *variable, *value;
  };
  for (const Words& words : {Words{"NCCL_ALGO", "Rung"},
                             {"NCCL_ALGO", "Ring;Tree"},  // only the first entry may be for all
                             {"NCCL_ALGO", "AllReduce:Ring;Tree"},
                             {"NCCL_ALGO", "AllScatter:Ring"},
                             {"NCCL_ALGO", "^Ring,Rung"},
                             {"NCCL_ALGO", "Ring Tree"},
                             {"NCCL_PROTO", "LL64"},
                             {"NCCL_PROTO", "AllReduce:LL,Ring"}}) {
    const Variable set(words.variable, words.value);
    SCOPED_TRACE(std::string(words.variable) + "=" + words.value + " (graph/tuning.cc: parseList)");
    const UniqueId id = make_id(*api_);
    in_threads(2, [&](int rank) {
      const RankDevice device(node_, rank);
      Comm comm = nullptr;
      EXPECT_EQ(api_->init_rank(&comm, 2, id, rank), Result::invalid_usage);
      if (comm != nullptr) abort_and_keep(*api_, comm);
    });
  }
}

TEST_F(NcclLibrary, AGraphThatCannotBeReadFailsInitialisationAndATopologyDoesNot) {
  const UniqueId id = make_id(*api_);
  const auto begun = [&] {
    const RankDevice device(node_, 0);
    Comm comm = nullptr;
    const Result result = api_->init_rank(&comm, 1, id, 0);
    if (comm != nullptr) abort_and_keep(*api_, comm);
    return result;
  };
  const Variable graph("NCCL_GRAPH_FILE", "/nonexistent");
  EXPECT_EQ(begun(), Result::system_error) << "graph/xml.cc: ncclTopoGetXmlGraphFromFile";
  const Variable none("NCCL_GRAPH_FILE", nullptr), topology("NCCL_TOPO_FILE", "/nonexistent");
  EXPECT_EQ(begun(), Result::success) << "graph/xml.cc: ncclTopoGetXmlFromFile";
}

/// How the calls of a test were done: "RING/LL", by the function.
struct Choices {
  explicit Choices(PlainNode& node) {
    node.arrive = [this](const CollectiveCall& call, const Arriving&) {
      last[call.function] = std::string(call.algorithm) + "/" + call.protocol;
    };
  }
  std::map<std::string, std::string> last;
};

TEST_F(NcclLibrary, TheEnvironmentChooses) {
  // What is done by; "": nothing is left to do it by; null: more than one way is.
  struct Row {
    const char *algorithm, *protocol, *all_reduce, *all_gather, *broadcast;
  };
  node_.multicast = true;
  Choices choices(node_);
  // device/generate.py and graph/tuning.cc: ncclTopoTuneModel, of one node of Hopper GPUs.
  for (const Row& row : {Row{"Ring", "LL", "RING/LL", "RING/LL", "RING/LL"},
                         {"ring", "ll128", "RING/LL128", "RING/LL128", "RING/LL128"},
                         {"Ring", "Simple", "RING/SIMPLE", "RING/SIMPLE", "RING/SIMPLE"},
                         {"Tree", "LL", "TREE/LL", "", ""},
                         {"AllReduce:Tree", "Simple", "TREE/SIMPLE", nullptr, "RING/SIMPLE"},
                         {"AllReduce:Tree;AllGather:Ring", "LL128", "TREE/LL128", "RING/LL128", "RING/LL128"},
                         {"^Ring", "LL", "TREE/LL", "", ""},
                         {"NVLS", "Simple", "NVLS/SIMPLE", "NVLS/SIMPLE", ""},
                         {"NVLS", "LL", "", "", ""},
                         {"NVLS,Ring", "LL", "RING/LL", "RING/LL", "RING/LL"},
                         {"PAT", nullptr, "", "", ""},
                         {"CollnetDirect", nullptr, "", "", ""},
                         {"NVLSTree", nullptr, "", "", ""}}) {
    const Variable algorithm("NCCL_ALGO", row.algorithm), protocol("NCCL_PROTO", row.protocol);
    SCOPED_TRACE(std::string(row.algorithm) + " by " + (row.protocol == nullptr ? "any" : row.protocol));
    choices.last.clear();
    const bool gathers = row.all_gather != nullptr;
    with_ranks(2, [&](const RankAtWork& at) {
      auto *const from = allocate<float>(4), *const to = allocate<float>(8);
      std::fill(from, from + 4, 1.0f);
      const auto expect = [&](const char* by, Result called) {
        EXPECT_EQ(called, *by == '\0' ? Result::invalid_usage : Result::success) << by;
        EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
      };
      expect(row.all_reduce, at.api.all_reduce(from, to, 4, DataType::f32, Op::sum, at.comm, nullptr));
      if (gathers) expect(row.all_gather, at.api.all_gather(from, to, 4, DataType::f32, at.comm, nullptr));
      expect(row.broadcast, at.api.broadcast(from, to, 4, DataType::f32, 0, at.comm, nullptr));
    });
    EXPECT_EQ(choices.last["AllReduce"], row.all_reduce);
    if (gathers) {
      EXPECT_EQ(choices.last["AllGather"], row.all_gather);
    }
    EXPECT_EQ(choices.last["Broadcast"], row.broadcast);
  }
}

/// enqueue.cc: topoGetAlgoInfo. A communicator that blocks goes on after that (enqueue.cc: ncclEnqueueCheck).
TEST_F(NcclLibrary, WithoutAnAlgorithmACallIsRefused) {
  const Variable algorithm("NCCL_ALGO", "AllGather:Tree"), protocol("NCCL_PROTO", "LL");
  with_ranks(2, [](const RankAtWork& at) {
    auto *const from = allocate<float>(1), *const to = allocate<float>(2);
    *from = static_cast<float>(at.rank + 1);
    EXPECT_EQ(at.api.all_gather(from, to, 1, DataType::f32, at.comm, nullptr), Result::invalid_usage);
    EXPECT_STREQ(at.api.last_error(nullptr),
                 "Error : no algorithm/protocol available for function AllGather with datatype ncclFloat32. "
                 "NCCL_ALGO was set to AllGather:Tree. NCCL_PROTO was set to LL.");
    at.sync(at.api.all_reduce(from, to, 1, DataType::f32, Op::sum, at.comm, nullptr));
    EXPECT_EQ(*to, 3);
  });
}

/// group.cc: groupCleanup.
TEST_F(NcclLibrary, WithoutAnAlgorithmWhatDoesNotBlockIsSpoilt) {
  const Variable algorithm("NCCL_ALGO", "AllGather:Tree");
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  auto* const memory = allocate<float>(2);
  const Result called = api_->all_gather(memory, memory, 1, DataType::f32, ranks[1], nullptr);
  EXPECT_TRUE(called == Result::invalid_usage || called == Result::in_progress);
  while (ranks.state(1) == Result::in_progress) std::this_thread::yield();
  EXPECT_EQ(ranks.state(1), Result::invalid_usage);
  EXPECT_EQ(ranks.state(0), Result::success);
}

/// enqueue.cc: taskAppend: one rank is launched without asking for any.
TEST_F(NcclLibrary, OneRankNeedsNoAlgorithm) {
  const Variable algorithm("NCCL_ALGO", "AllGather:Tree");
  const RankDevice device(node_, 0);
  const Comm comm = alone();
  auto* const memory = allocate<float>(2);
  memory[0] = 7;
  EXPECT_EQ(api_->all_gather(memory, memory + 1, 1, DataType::f32, comm, nullptr), Result::success);
  EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
  EXPECT_EQ(memory[1], 7);
  EXPECT_EQ(api_->destroy(comm), Result::success);
}

/// include/device.h: ncclNvlsSupported.
TEST_F(NcclLibrary, SwitchesAddUpOnlyWhatTheyCan) {
  node_.multicast = true;
  const Variable algorithm("NCCL_ALGO", "NVLS");
  with_ranks(2, [](const RankAtWork& at) {
    auto *const from = allocate<std::uint64_t>(2), *const to = allocate<std::uint64_t>(2);
    from[0] = from[1] = 0;
    const auto of = [&](DataType type, Op op) {
      const Result whole = at.api.all_reduce(from, to, 1, type, op, at.comm, nullptr);
      EXPECT_EQ(at.api.reduce_scatter(from, to, 1, type, op, at.comm, nullptr), whole);
      EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
      return whole;
    };
    for (int i = 0; i < kDataTypes; ++i) {
      const auto type = static_cast<DataType>(i);
      const bool wide = type == DataType::f32 || type == DataType::f64, narrow = bytes_of(type) == 1;
      const auto if_it = [](bool can) { return can ? Result::success : Result::invalid_usage; };
      EXPECT_EQ(of(type, Op::sum), if_it(!narrow)) << i;
      EXPECT_EQ(of(type, Op::min), if_it(!narrow && !wide)) << i;
      EXPECT_EQ(of(type, Op::max), if_it(!narrow && !wide)) << i;
      EXPECT_EQ(of(type, Op::prod), Result::invalid_usage) << i;
      EXPECT_EQ(of(type, Op::avg), Result::invalid_usage) << i;
    }
    float two = 2;
    Op own{};
    EXPECT_EQ(at.api.create_op(&own, &two, DataType::f32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    EXPECT_EQ(of(DataType::f32, own), Result::invalid_usage);
  });
}

TEST_F(NcclLibrary, WithoutMulticastNvlsIsOffOrAnError) {
  const Variable algorithm("NCCL_ALGO", "NVLS");
  const auto reduced = [](const RankAtWork& at) {
    auto* const memory = allocate<float>(1);
    return at.api.all_reduce(memory, memory, 1, DataType::f32, Op::sum, at.comm, nullptr);
  };
  with_ranks(2, [&](const RankAtWork& at) {
    EXPECT_EQ(reduced(at), Result::invalid_usage) << "transport/nvls.cc: NCCL_NVLS_ENABLE is 2";
  });
  {
    const Variable enable("NCCL_NVLS_ENABLE", "1");
    const UniqueId id = make_id(*api_);
    in_threads(2, [&](int rank) {
      const RankDevice device(node_, rank);
      Comm comm = nullptr;
      EXPECT_EQ(api_->init_rank(&comm, 2, id, rank), Result::unhandled_cuda_error) << "transport/nvls.cc";
      if (comm != nullptr) abort_and_keep(*api_, comm);
    });
  }
  node_.multicast = true;
  const Variable off("NCCL_NVLS_ENABLE", "0");
  with_ranks(2, [&](const RankAtWork& at) {
    EXPECT_EQ(reduced(at), Result::invalid_usage) << "transport/nvls.cc: ncclNvlsInit";
  });
}

/// Two ranks on one GPU, as from processes with a NCCL_HOSTID each.
std::vector<Result> states_on_one_gpu(const Api& api, PlainNode& node, const char* of_first,
                                      const char* of_second) {
  std::vector<std::unique_ptr<RankDevice>> devices;
  for (int slot = 0; slot < 2; ++slot)
    devices.push_back(std::make_unique<RankDevice>(node, slot, address_in_slot(0)));
  RanksOfOneThread ranks(api, std::move(devices));
  Variable host("NCCL_HOSTID", of_first);
  ranks.begin(0);
  host.set(of_second);
  ranks.begin(1);
  return {ranks.state(0), ranks.state(1)};
}

TEST_F(NcclLibrary, TwoRanksOnOneGpuNeedTwoHosts) {
  const std::vector<Result> refused(2, Result::invalid_usage), taken(2, Result::success);
  constexpr const char* source = "init.cc: initTransportsRank";
  EXPECT_EQ(states_on_one_gpu(*api_, node_, nullptr, nullptr), refused) << source;
  EXPECT_EQ(std::string(api_->last_error(nullptr)).rfind("Duplicate GPU detected : rank ", 0), 0u);
  EXPECT_EQ(states_on_one_gpu(*api_, node_, "one", "one"), refused) << source;
  EXPECT_EQ(states_on_one_gpu(*api_, node_, "one", "two"), taken) << source;
}

/// graph/paths.cc, graph/tuning.cc: with a GPU a node PAT is there, and NVLS and, by itself, LL128 are not.
TEST_F(NcclLibrary, RanksOnHostsOfTheirOwnHaveOtherAlgorithms) {
  node_.multicast = true;
  Choices choices(node_);
  std::size_t count = 1;
  const auto gathered = [&](const char* named, const char* host_of_second = "two",
                            const char* protocols = nullptr) -> std::string {
    const Variable algorithm("NCCL_ALGO", named), protocol("NCCL_PROTO", protocols);
    choices.last.clear();
    RanksOfOneThread ranks(*api_, node_, 2);
    Variable host("NCCL_HOSTID", "one");
    ranks.begin(0);
    host.set(host_of_second);
    ranks.begin(1);
    EXPECT_TRUE(ranks.state(0) == Result::success && ranks.state(1) == Result::success);
    std::vector<float*> memory;
    ranks.for_each([&](int, Comm comm) {
      memory.push_back(allocate<float>(2 * count));
      api_->all_gather(memory.back(), memory.back(), count, DataType::f32, comm, nullptr);
    });
    return choices.last["AllGather"];
  };
  EXPECT_EQ(gathered("PAT"), "PAT/SIMPLE");
  EXPECT_EQ(gathered("Ring"), "RING/LL");
  EXPECT_EQ(gathered("NVLS"), "");
  EXPECT_EQ(gathered("NVLS", "one"), "NVLS/SIMPLE")
      << "init.cc: initTransportsRank: one host, by another name";
  EXPECT_EQ(gathered("PAT", "one"), "");
  EXPECT_EQ(gathered(nullptr), "PAT/SIMPLE") << "by itself";
  count = 1 << 20;  // as much as is sent by LL128 where that works
  EXPECT_EQ(gathered("Ring", "one"), "RING/LL128");
  EXPECT_EQ(gathered("Ring", "two"), "RING/SIMPLE");
  EXPECT_EQ(gathered("Ring", "two", "LL128"), "RING/LL128");
  EXPECT_EQ(gathered("Ring", "two", "^LL"), "RING/LL128");
}

TEST_F(NcclLibrary, CallsOfRanksOnHostsOfTheirOwnGoByTheNetwork) {
  std::vector<CollectiveCall> met;
  node_.obstacle = [&](int, const CollectiveCall& call) {
    if (*call.algorithm != '\0') met.push_back(call);
    return cuda::Obstacle::none;
  };
  for (const bool apart : {false, true}) {
    met.clear();
    RanksOfOneThread ranks(*api_, node_, 2);
    Variable host("NCCL_HOSTID", "one");
    ranks.begin(0);
    host.set(apart ? "two" : "one");
    ranks.begin(1);
    EXPECT_TRUE(ranks.state(0) == Result::success && ranks.state(1) == Result::success);
    ranks.for_each([&](int, Comm comm) {
      auto* const memory = allocate<float>(1);
      api_->all_reduce(memory, memory, 1, DataType::f32, Op::sum, comm, nullptr);
    });
    ASSERT_EQ(met.size(), 2u);
    for (const CollectiveCall& call : met) {
      EXPECT_EQ(call.by_network, apart);
      EXPECT_EQ(call.ranks, 2);
    }
    EXPECT_NE(met[0].rank, met[1].rank);
  }
}

}  // namespace
}  // namespace assay::nccl
