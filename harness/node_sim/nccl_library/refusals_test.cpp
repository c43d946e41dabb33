// What a communicator of the stand-in refuses, each with who says that the real one does ("f.cc: g" is g() in
// src/ of NCCL 2.28.9).
#include <gtest/gtest.h>

#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {
namespace {

namespace cuda = cuda_emulation;

TEST_F(NcclLibrary, InitialisationRefuses) {
  const RankDevice device(node_, 0);
  const UniqueId id = make_id(*api_);
  const auto with = [&](const std::function<void(Config&)>& change, int ranks = 1, int rank = 0) {
    Config config;
    change(config);
    Comm comm = nullptr;
    const Result result = api_->init(&comm, ranks, id, rank, &config);
    EXPECT_EQ(comm, nullptr);
    return result;
  };
  const auto nothing = [](Config&) {};
  constexpr const char *whom = "init.cc: ncclCommInitRankDev", *config = "init.cc: parseCommConfig";
  hold(
      *api_,
      {
          {"a communicator to nowhere", whom, argument, [&] { return api_->init_rank(nullptr, 1, id, 0); },
           "CommInitRank : newcomm argument is NULL"},
          {"no rank", whom, argument, [&] { return with(nothing, 0, 0); }, "Invalid rank requested : 0/0"},
          {"fewer than none", whom, argument, [&] { return with(nothing, -2, 0); },
           "Invalid rank requested : 0/-2"},
          {"a negative rank", whom, argument, [&] { return with(nothing, 2, -1); },
           "Invalid rank requested : -1/2"},
          {"a rank beyond the last", whom, argument, [&] { return with(nothing, 2, 2); },
           "Invalid rank requested : 2/2"},
          {"the wrong magic", config, argument, [&] { return with([](Config& c) { c.magic = 0xcafebabe; }); },
           "ncclConfig_t argument not initialized via NCCL_CONFIG_INITIALIZER"},
          {"half blocking", config, argument, [&] { return with([](Config& c) { c.blocking = 2; }); },
           "Invalid config blocking attribute value 2"},
          {"a least number of channels without a greatest", config, argument,
           [&] { return with([](Config& c) { c.min_ctas = 4; }); },
           "Invalid config min/max channels attribute value 4/-2147483648"},
          {"a least number above the greatest", config, argument,
           [&] {
             return with([](Config& c) {
               c.min_ctas = 4;
               c.max_ctas = 2;
             });
           },
           "Invalid config min/max channels attribute value 4/2"},
          {"no channels at all", config, argument,
           [&] { return with([](Config& c) { c.min_ctas = c.max_ctas = 0; }); },
           "Invalid config min/max channels attribute value 0/0"},
          {"a greatest number of none", config, argument,
           [&] { return with([](Config& c) { c.max_ctas = 0; }); },
           "Invalid config min/max channels attribute value -2147483648/0"},
      });
}

TEST_F(NcclLibrary, InitialisationTakes) {
  const RankDevice device(node_, 0);
  const auto with = [&](Config* config) {
    Comm comm = nullptr;
    const Result result = api_->init(&comm, 1, make_id(*api_), 0, config);
    EXPECT_EQ(api_->destroy(comm), Result::success);
    return result;
  };
  const auto changed = [&](const std::function<void(Config&)>& change) {
    Config config;
    change(config);
    return with(&config);
  };
  constexpr const char* source = "init.cc: parseCommConfig";
  hold(*api_,
       {
           {"a configuration that leaves all open", source, ok, [&] { return changed([](Config&) {}); }},
           {"no configuration", "init.cc: ncclCommInitRankConfig", ok, [&] { return with(nullptr); }},
           {"a greatest number of channels without a least", source, ok,
            [&] { return changed([](Config& c) { c.max_ctas = 4; }); }},
           {"a least number as great as the greatest", source, ok,
            [&] { return changed([](Config& c) { c.min_ctas = c.max_ctas = 4; }); }},
           {"a configuration of a shorter library", source, ok,
            [&] {
              return changed([](Config& c) {
                c.size = offsetof(Config, comm_name);
                c.nvls_ctas = -1;
              });
            }},
           {"a configuration of a longer library", source, ok,
            [&] { return changed([](Config& c) { c.size = 4096; }); }},
       });
}

TEST_F(NcclLibrary, ACommunicatorIsWhatWasAskedFor) {
  const RankDevice other(node_, 3), device(node_, 0);
  ASSERT_EQ(cuda::cudaSetDevice(1), cuda::cudaSuccess);
  const Comm comm = alone();
  int ranks = 0, rank = -1, ordinal = -1;
  Result state = Result::internal_error;
  hold(*api_, {
                  {"how many", "nccl.h", ok, [&] { return api_->count(comm, &ranks); }},
                  {"which", "nccl.h", ok, [&] { return api_->rank(comm, &rank); }},
                  {"where", "nccl.h", ok, [&] { return api_->device(comm, &ordinal); }},
                  {"how it is", "nccl.h", ok, [&] { return api_->async_error(comm, &state); }},
                  {"how many, to nowhere", "init.cc: ncclCommCount", argument,
                   [&] { return api_->count(comm, nullptr); }, "CommCount : count argument is NULL"},
                  {"which, to nowhere", "init.cc: ncclCommUserRank", argument,
                   [&] { return api_->rank(comm, nullptr); }, "CommUserRank : rank argument is NULL"},
                  {"where, to nowhere", "init.cc: ncclCommCuDevice", argument,
                   [&] { return api_->device(comm, nullptr); }, "CommCuDevice : devid argument is NULL"},
                  {"how it is, to nowhere", "init.cc: ncclCommGetAsyncError", argument,
                   [&] { return api_->async_error(comm, nullptr); },
                   "ncclGetAsyncError : asyncError argument is NULL"},
              });
  EXPECT_EQ(ranks, 1);
  EXPECT_EQ(rank, 0);
  EXPECT_EQ(ordinal, 1);
  EXPECT_EQ(state, Result::success);
  EXPECT_EQ(api_->destroy(comm), Result::success);
}

TEST_F(NcclLibrary, CallsRefuse) {
  const RankDevice device(node_, 0);
  const Comm comm = alone(), other = alone();
  auto* const memory = allocate<float>(4);
  float two = 2;
  Op own{};
  ASSERT_EQ(api_->create_op(&own, &two, DataType::f32, ScalarResidence::host_immediate, comm),
            Result::success);
  EXPECT_GE(static_cast<int>(own), kBuiltinOps);
  const auto reduced = [&](DataType type, Op op, Comm in, std::size_t count = 1) {
    return api_->all_reduce(memory, memory, count, type, op, in, nullptr);
  };
  constexpr DataType f32 = DataType::f32, beyond = static_cast<DataType>(kDataTypes);
  constexpr const char *check = "argcheck.cc: ArgsCheck", *append = "enqueue.cc: taskAppend",
                       *scheduling = "enqueue.cc: scheduleP2pTasksToPlan",
                       *end_of_op = "enqueue.cc: ncclRedOpDestroy";
  constexpr Op unknown = static_cast<Op>(kBuiltinOps);
  hold(
      *api_,
      {
          {"a root beyond the last", check, argument,
           [&] { return api_->broadcast(memory, memory, 1, f32, 1, comm, nullptr); },
           "Broadcast : invalid root 1 (root should be in the 0..1 range)"},
          {"a negative root", check, argument,
           [&] { return api_->reduce(memory, memory, 1, f32, Op::sum, -1, comm, nullptr); },
           "Reduce : invalid root -1 (root should be in the 0..1 range)"},
          {"a root of Gather", check, argument,
           [&] { return api_->gather(memory, memory, 1, f32, 7, comm, nullptr); },
           "Gather : invalid root 7 (root should be in the 0..1 range)"},
          {"a root of Scatter", check, argument,
           [&] { return api_->scatter(memory, memory, 1, f32, 7, comm, nullptr); },
           "Scatter : invalid root 7 (root should be in the 0..1 range)"},
          {"a peer to send to", check, argument, [&] { return api_->send(memory, 1, f32, 1, comm, nullptr); },
           "Send : invalid root 1 (root should be in the 0..1 range)"},
          {"a peer to receive from", check, argument,
           [&] { return api_->receive(memory, 1, f32, -1, comm, nullptr); },
           "Recv : invalid root -1 (root should be in the 0..1 range)"},
          {"a type beyond the last", check, argument, [&] { return reduced(beyond, Op::sum, comm); },
           "AllReduce : invalid type 12"},
          {"a negative type", check, argument,
           [&] { return reduced(static_cast<DataType>(-1), Op::sum, comm); }, "AllReduce : invalid type -1"},
          {"a type to send", check, argument, [&] { return api_->send(memory, 1, beyond, 0, comm, nullptr); },
           "Send : invalid type 12"},
          {"a wrong root before a wrong type", check, argument,
           [&] { return api_->broadcast(memory, memory, 1, beyond, 1, comm, nullptr); },
           "Broadcast : invalid root 1 (root should be in the 0..1 range)"},
          {"a wrong root of no elements", check, argument,
           [&] { return api_->broadcast(memory, memory, 0, f32, 1, comm, nullptr); }},
          {"a negative operator", check, argument, [&] { return reduced(f32, static_cast<Op>(-1), comm); },
           "AllReduce : invalid reduction operation -1"},
          {"an operator that nobody made", check, argument, [&] { return reduced(f32, unknown, other); },
           "AllReduce : reduction operation 5 unknown to this communicator"},
          {"an operator of another communicator", check, argument, [&] { return reduced(f32, own, other); }},
          {"an operator of its own", "nccl.h", ok, [&] { return reduced(f32, own, comm); }},
          {"an operator of another type", "enqueue.cc: hostToDevRedOp", argument,
           [&] { return reduced(DataType::i32, own, comm); },
           "Data type supplied to user-created ncclRedOp_t does not match type given to reduction operation"},
          {"no elements by an operator of another type", append, ok,
           [&] { return reduced(DataType::i32, own, comm, 0); }},
          {"scaling fp8 with one rank", "onerank.cu: ncclLaunchOneRank", argument,
           [&] { return reduced(DataType::e4m3, Op::avg, comm); }},
          {"adding fp8 with one rank", "onerank.cu: ncclLaunchOneRank", ok,
           [&] { return reduced(DataType::e5m2, Op::sum, comm); }},
          {"scaling no fp8 with one rank", append, ok,
           [&] { return reduced(DataType::e4m3, Op::avg, comm, 0); }},
          {"no elements", append, ok, [&] { return reduced(f32, Op::sum, comm, 0); }},
          {"the end of an operator of another communicator", end_of_op, argument,
           [&] { return api_->destroy_op(own, other); },
           "ncclRedOpDestroy : operator unknown to this communicator."},
          {"the end of an operator", end_of_op, ok, [&] { return api_->destroy_op(own, comm); }},
          {"its end once more", end_of_op, argument, [&] { return api_->destroy_op(own, comm); },
           "ncclRedOpDestroy : operator unknown to this communicator."},
          {"an operator after its end", check, argument, [&] { return reduced(f32, own, comm); }},
          {"a send to itself that nobody receives", scheduling, usage,
           [&] { return api_->send(memory, 1, f32, 0, comm, nullptr); },
           "Trying to send to self without a matching recv"},
          {"a receive from itself that nobody sends", scheduling, usage,
           [&] { return api_->receive(memory, 1, f32, 0, comm, nullptr); },
           "Trying to recv to self without a matching send"},
          {"a send to itself that it receives", scheduling, ok,
           [&] {
             return in_a_group(*api_, [&] {
               EXPECT_EQ(api_->send(memory, 1, f32, 0, comm, nullptr), Result::success);
               EXPECT_EQ(api_->receive(memory + 1, 1, f32, 0, comm, nullptr), Result::success);
             });
           }},
          {"a wrong type in a group", "group.cc: ncclGroupEndInternal", argument,
           [&] {
             return in_a_group(*api_, [&] {
               EXPECT_EQ(reduced(f32, Op::sum, comm), Result::success);
               EXPECT_EQ(reduced(beyond, Op::sum, comm), Result::invalid_argument);
             });
           }},
          {"what is right after all that", "enqueue.cc: ncclEnqueueCheck", ok,
           [&] { return reduced(f32, Op::sum, comm); }},
      });
  EXPECT_EQ(cuda::cudaDeviceSynchronize(), cuda::cudaSuccess);
  EXPECT_EQ(api_->destroy(comm), Result::success);
  EXPECT_EQ(api_->destroy(other), Result::success);
}

/// Their handles are the communicators' own: comm.h: ncclUserRedOpMangle.
TEST_F(NcclLibrary, OperatorsOfTwoCommunicatorsAreNotTakenForOneAnother) {
  const RankDevice device(node_, 0);
  const Comm one = alone(), other = alone();
  auto* const memory = allocate<float>(1);
  float two = 2;
  Op of_one{}, of_other{};
  ASSERT_EQ(api_->create_op(&of_one, &two, DataType::f32, ScalarResidence::host_immediate, one),
            Result::success);
  ASSERT_EQ(api_->create_op(&of_other, &two, DataType::f32, ScalarResidence::host_immediate, other),
            Result::success);
  EXPECT_EQ(api_->all_reduce(memory, memory, 1, DataType::f32, of_one, other, nullptr),
            Result::invalid_argument);
  EXPECT_EQ(api_->all_reduce(memory, memory, 1, DataType::f32, of_other, other, nullptr), Result::success);
  EXPECT_EQ(api_->destroy_op(of_other, one), Result::invalid_argument);
  EXPECT_EQ(api_->destroy(one), Result::success);
  EXPECT_EQ(api_->destroy(other), Result::success);
}

TEST_F(NcclLibrary, ACommunicatorIsFinalizedOnce) {
  const RankDevice device(node_, 0);
  const Comm comm = alone();
  Result state = Result::internal_error;
  constexpr const char* source = "init.cc: ncclCommFinalize";
  hold(*api_, {
                  {"finalisation", source, Result::success, [&] { return api_->finalize(comm); }},
                  {"another", source, Result::invalid_argument, [&] { return api_->finalize(comm); }},
                  {"its state after that", "init.cc: ncclCommGetAsyncError", Result::success,
                   [&] { return api_->async_error(comm, &state); }},
                  {"destruction", "nccl.h", Result::success, [&] { return api_->destroy(comm); }},
              });
  EXPECT_EQ(state, Result::success) << "enqueue.cc: an error sticks to what does not block";
}

/// onerank.cu: ncclLaunchOneRank.
TEST_F(NcclLibrary, OneRankCopies) {
  const RankDevice device(node_, 0);
  const Comm comm = alone();
  auto *const from = allocate<float>(4), *const to = allocate<float>(4);
  for (int i = 0; i < 4; ++i) from[i] = static_cast<float>(i + 1);
  const auto expect = [&](Result called, float factor) {
    EXPECT_EQ(called, Result::success);
    EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(to[i], factor * from[i]) << i;
    std::fill(to, to + 4, -1.0f);
  };
  constexpr DataType type = DataType::f32;
  float three = 3;
  Op own{};
  ASSERT_EQ(api_->create_op(&own, &three, type, ScalarResidence::host_immediate, comm), Result::success);
  expect(api_->all_reduce(from, to, 4, type, Op::sum, comm, nullptr), 1);
  expect(api_->all_reduce(from, to, 4, type, Op::avg, comm, nullptr), 1);
  expect(api_->all_reduce(from, to, 4, type, own, comm, nullptr), 3);
  expect(api_->reduce_scatter(from, to, 4, type, own, comm, nullptr), 3);
  expect(api_->reduce(from, to, 4, type, Op::max, 0, comm, nullptr), 1);
  expect(api_->all_gather(from, to, 4, type, comm, nullptr), 1);
  expect(api_->broadcast(from, to, 4, type, 0, comm, nullptr), 1);
  expect(api_->all_to_all(from, to, 4, type, comm, nullptr), 1);
  expect(api_->gather(from, to, 4, type, 0, comm, nullptr), 1);
  expect(api_->scatter(from, to, 4, type, 0, comm, nullptr), 1);
  EXPECT_EQ(api_->destroy(comm), Result::success);
}

}  // namespace
}  // namespace assay::nccl
