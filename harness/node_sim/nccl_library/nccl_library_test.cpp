// The stand-in for NCCL through its ABI: what it answers and refuses, each with who says that the real one
// does, and what its collectives come to. "f.cc: g" is g() in src/ of NCCL 2.28.9. Where the real one is on
// the machine, both are asked what it answers without a GPU.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <map>
#include <tuple>

#include "harness/node_real/real_backend.h"
#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace assay::nccl {
namespace {

namespace cuda = cuda_emulation;
using cuda::Arriving;
using cuda::CollectiveCall;
using cuda::Obstacle;

// What is not over by then in real time hangs: what ends ends in microseconds.
constexpr auto kLongEnough = std::chrono::milliseconds(20);

// Of namespace scope: the rows of tables outlive the functions that make them.
constexpr Result ok = Result::success, argument = Result::invalid_argument, usage = Result::invalid_usage;

// What needs no GPU.

/// The real one keeps what a process needs once.
struct LeaksOfTheRealOne {
#if defined(__SANITIZE_ADDRESS__)
  LeaksOfTheRealOne() {
    __lsan_disable();
  }
  ~LeaksOfTheRealOne() {
    __lsan_enable();
  }
#else
  LeaksOfTheRealOne() {}
#endif
};

Result in_a_group(const Api& api, const std::function<void()>& calls) {
  EXPECT_EQ(api.group_start(), Result::success);
  calls();
  return api.group_end();
}

/// A row says what comes before it in its call: each is asked by itself.
std::vector<Behaviour> without_a_gpu(const Api& api) {
  constexpr const char* itself = "the library's own answer";
  constexpr DataType type = DataType::f32;
  static int number;
  static Result state;
  static UniqueId id;
  static Op op;
  static float scalar = 2;
  static std::uint64_t no_comm[512] = {};
  return {
      {"a version", "nccl.h", ok, [&] { return api.version(&number); }},
      {"a version to nowhere", "init.cc: ncclGetVersion", argument, [&] { return api.version(nullptr); }},
      {"an id to nowhere", "init.cc: ncclGetUniqueId", argument, [&] { return api.unique_id(nullptr); },
       "GetUniqueId : out argument is NULL"},
      {"an id", "init.cc: ncclGetUniqueId", ok, [&] { return api.unique_id(&id); },
       "GetUniqueId : out argument is NULL"},

      {"the end of no group", "group.cc: ncclGroupEndInternal", usage, [&] { return api.group_end(); },
       "ncclGroupEnd: not in a group call."},
      {"the end of an inner group", "group.cc: ncclGroupEndInternal", ok,
       [&] {
         Result inner = Result::internal_error;
         EXPECT_EQ(in_a_group(api, [&] { inner = in_a_group(api, [] {}); }), Result::success);
         return inner;
       }},
      {"the end of an empty group", "group.cc: ncclGroupEndInternal", ok,
       [&] { return in_a_group(api, [] {}); }},
      {"one end too many", "group.cc: ncclGroupEndInternal", usage,
       [&] {
         EXPECT_EQ(in_a_group(api, [] {}), Result::success);
         return api.group_end();
       }},
      {"the end of a group with an error", "group.cc: ncclGroupEndInternal", argument,
       [&] {
         return in_a_group(api, [&] {
           EXPECT_EQ(api.all_reduce(nullptr, nullptr, 1, type, Op::sum, nullptr, nullptr), argument);
         });
       },
       "AllReduce : comm argument is NULL"},
      {"the inner end after an error", "group.cc: ncclGroupEndInternal", ok,
       [&] {
         Result inner = Result::internal_error;
         EXPECT_EQ(in_a_group(api,
                              [&] {
                                EXPECT_EQ(api.send(nullptr, 1, type, 0, nullptr, nullptr), argument);
                                inner = in_a_group(api, [] {});
                              }),
                   argument);
         return inner;
       }},
      {"the outermost end after an error in an inner group", "group.cc: ncclGroupEndInternal", argument,
       [&] {
         return in_a_group(api, [&] {
           EXPECT_EQ(in_a_group(api, [&] { api.send(nullptr, 1, type, 0, nullptr, nullptr); }),
                     Result::success);
         });
       }},
      {"the next group after an error", "group.cc: groupLocalResetJobState", ok,
       [&] {
         EXPECT_EQ(in_a_group(api, [&] { api.send(nullptr, 1, type, 0, nullptr, nullptr); }), argument);
         return in_a_group(api, [] {});
       }},
      {"a group after an error outside of it", "core.h: ncclGroupErrCheck", ok,
       [&] {
         EXPECT_EQ(api.send(nullptr, 1, type, 0, nullptr, nullptr), argument);
         return in_a_group(api, [] {});
       },
       "Send : comm argument is NULL"},

      {"AllReduce in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.all_reduce(nullptr, nullptr, 1, type, Op::sum, nullptr, nullptr); },
       "AllReduce : comm argument is NULL"},
      {"Reduce in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.reduce(nullptr, nullptr, 1, type, Op::sum, 0, nullptr, nullptr); },
       "Reduce : comm argument is NULL"},
      {"ReduceScatter in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.reduce_scatter(nullptr, nullptr, 1, type, Op::sum, nullptr, nullptr); },
       "ReduceScatter : comm argument is NULL"},
      {"AllGather in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.all_gather(nullptr, nullptr, 1, type, nullptr, nullptr); },
       "AllGather : comm argument is NULL"},
      {"Broadcast in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.broadcast(nullptr, nullptr, 1, type, 0, nullptr, nullptr); },
       "Broadcast : comm argument is NULL"},
      {"AlltoAll in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.all_to_all(nullptr, nullptr, 1, type, nullptr, nullptr); },
       "AlltoAll : comm argument is NULL"},
      {"Gather in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.gather(nullptr, nullptr, 1, type, 0, nullptr, nullptr); },
       "Gather : comm argument is NULL"},
      {"Scatter in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.scatter(nullptr, nullptr, 1, type, 0, nullptr, nullptr); },
       "Scatter : comm argument is NULL"},
      {"Send in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.send(nullptr, 1, type, 0, nullptr, nullptr); }, "Send : comm argument is NULL"},
      {"Recv in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.receive(nullptr, 1, type, 0, nullptr, nullptr); }, "Recv : comm argument is NULL"},
      {"no elements in nothing", "argcheck.cc: CommCheck", argument,
       [&] { return api.all_reduce(nullptr, nullptr, 0, type, Op::sum, nullptr, nullptr); }},

      {"the end of nothing", "init.cc: ncclCommFinalize", ok, [&] { return api.finalize(nullptr); }},
      {"the destruction of nothing", "init.cc: ncclCommDestroy", ok, [&] { return api.destroy(nullptr); }},
      {"the abort of nothing", "init.cc: ncclCommAbort", ok, [&] { return api.abort(nullptr); }},
      {"how many are in nothing", "init.cc: ncclCommCount", argument,
       [&] { return api.count(nullptr, &number); }, "CommCount : comm argument is NULL"},
      {"the device of nothing", "init.cc: ncclCommCuDevice", argument,
       [&] { return api.device(nullptr, &number); }, "CommCuDevice : comm argument is NULL"},
      {"the rank in nothing", "init.cc: ncclCommUserRank", argument,
       [&] { return api.rank(nullptr, &number); }, "CommUserRank : comm argument is NULL"},
      {"the state of nothing", "init.cc: ncclCommGetAsyncError", argument,
       [&] { return api.async_error(nullptr, &state); }, "ncclGetAsyncError : comm argument is NULL"},
      {"how many are in what is no communicator", "argcheck.cc: CommCheck", argument,
       [&] { return api.count(reinterpret_cast<Comm>(no_comm), &number); },
       "Error: corrupted comm object detected"},

      {"an operator of nothing", "enqueue.cc: ncclRedOpCreatePreMulSum", argument,
       [&] { return api.create_op(&op, &scalar, type, ScalarResidence::host_immediate, nullptr); },
       "ncclRedOpCreatePreMulSum : comm argument is NULL"},
      {"the end of a builtin operator", "enqueue.cc: ncclRedOpDestroy", argument,
       [&] { return api.destroy_op(Op::sum, nullptr); }, "ncclRedOpDestroy : operator is a NCCL builtin."},
      {"the end of the last builtin operator", "enqueue.cc: ncclRedOpDestroy", argument,
       [&] { return api.destroy_op(Op::avg, nullptr); }, "ncclRedOpDestroy : operator is a NCCL builtin."},
      {"the end of a negative operator", "enqueue.cc: ncclRedOpDestroy", argument,
       [&] { return api.destroy_op(static_cast<Op>(-1), nullptr); },
       "ncclRedOpDestroy :  operator is garbage."},
      {"the end of an operator of nothing", "enqueue.cc: ncclRedOpDestroy", argument,
       [&] { return api.destroy_op(static_cast<Op>(kBuiltinOps), nullptr); },
       "ncclRedOpDestroy : invalid communicator passed."},
      {"a last error after what succeeds", itself, ok,
       [&] {
         EXPECT_EQ(api.count(nullptr, &number), argument);
         return in_a_group(api, [] {});
       },
       "CommCount : comm argument is NULL"},
  };
}

/// init.cc: ncclGetErrorString.
void hold_error_strings(const Api& api) {
  const std::map<int, const char*> texts{
      {-1, "unknown result code"},
      {0, "no error"},
      {1, "unhandled cuda error (run with NCCL_DEBUG=INFO for details)"},
      {2, "unhandled system error (run with NCCL_DEBUG=INFO for details)"},
      {3, "internal error - please report this issue to the NCCL developers"},
      {4, "invalid argument (run with NCCL_DEBUG=WARN for details)"},
      {5, "invalid usage (run with NCCL_DEBUG=WARN for details)"},
      {6, "remote process exited or there was a network error"},
      {7, "NCCL operation in progress"},
      {8, "unknown result code"},
      {9, "unknown result code"},
  };
  for (const auto& [code, text] : texts)
    EXPECT_STREQ(api.error_string(static_cast<Result>(code)), text) << code;
}

/// bootstrap.h: a random number, where the root listens, nothing else.
void hold_ids(const Api& api) {
  const UniqueId one = make_id(api), other = make_id(api);
  EXPECT_NE(std::memcmp(one.internal, other.internal, 8), 0);
  sockaddr_in address{};
  std::memcpy(&address, one.internal + 8, sizeof(address));
  EXPECT_EQ(address.sin_family, AF_INET);
  EXPECT_EQ(address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EXPECT_NE(address.sin_port, 0);
  for (std::size_t i = 36; i < sizeof(one.internal); ++i) EXPECT_EQ(one.internal[i], 0) << i;
}

void hold_without_a_gpu(const Api& api) {
  hold(api, without_a_gpu(api));
  hold_error_strings(api);
  hold_ids(api);
}

TEST_F(NcclLibrary, SaysThatItIsNone) {
  EXPECT_TRUE(library_->is_stand_in());
}

TEST_F(NcclLibrary, AnswersWithoutAGpu) {
  hold_without_a_gpu(*api_);
  int version = 0;
  EXPECT_EQ(api_->version(&version), Result::success);
  EXPECT_EQ(version, 22809);
}

TEST_F(NcclLibrary, AnswersAsTheRealOneWithoutAGpu) {
  std::string why_not;
  library_.reset();  // both have one soname: the loader would take this one for the other
  const Variable interface("NCCL_SOCKET_IFNAME", "lo"), configuration("NCCL_CONF_FILE", "/dev/null");
  const LeaksOfTheRealOne known;
  const auto real = open_real_nccl(why_not);
  if (real == nullptr) GTEST_SKIP() << "no NCCL on this machine: " << why_not;
  EXPECT_FALSE(real->is_stand_in());
  const Api api(*real);
  int version = 0;
  EXPECT_EQ(api.version(&version), Result::success);
  if (version != kVersion) GTEST_SKIP() << "another NCCL: " << version;
  hold_without_a_gpu(api);
}

TEST_F(NcclLibrary, HasNoCommunicatorWithoutADevice) {
  Comm comm = nullptr;
  EXPECT_EQ(api_->init_rank(&comm, 1, make_id(*api_), 0), Result::unhandled_cuda_error)
      << "init.cc: ncclCommInitRank: cudaGetDevice";
}

// What a communicator of one rank refuses.

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

// What the environment says.

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

/// graph/paths.cc, graph/tuning.cc: with a GPU a node PAT is there, and NVLS and LL128 are not.
TEST_F(NcclLibrary, RanksOnHostsOfTheirOwnHaveOtherAlgorithms) {
  node_.multicast = true;
  Choices choices(node_);
  const auto gathered = [&](const char* named, const char* host_of_second = "two") -> std::string {
    const Variable algorithm("NCCL_ALGO", named);
    choices.last.clear();
    RanksOfOneThread ranks(*api_, node_, 2);
    Variable host("NCCL_HOSTID", "one");
    ranks.begin(0);
    host.set(host_of_second);
    ranks.begin(1);
    EXPECT_TRUE(ranks.state(0) == Result::success && ranks.state(1) == Result::success);
    std::vector<float*> memory;
    ranks.for_each([&](int, Comm comm) {
      memory.push_back(allocate<float>(2));
      api_->all_gather(memory.back(), memory.back(), 1, DataType::f32, comm, nullptr);
    });
    return choices.last["AllGather"];
  };
  EXPECT_EQ(gathered("PAT"), "PAT/SIMPLE");
  EXPECT_EQ(gathered("Ring"), "RING/LL");
  EXPECT_EQ(gathered("NVLS"), "");
  EXPECT_EQ(gathered("NVLS", "one"), "NVLS/SIMPLE")
      << "init.cc: initTransportsRank: one host, by another name";
  EXPECT_EQ(gathered("PAT", "one"), "");
}

// What collectives come to.

/// Floats of up to 16 bits, by their definition.
class SmallFloats {
 public:
  SmallFloats(int exponent_bits, int mantissa_bits, bool has_infinity, bool saturates)
      : sign_(1u << (exponent_bits + mantissa_bits)), saturates_(saturates) {
    const int bias = (1 << (exponent_bits - 1)) - 1, highest = (1 << exponent_bits) - 1;
    for (unsigned bits = 0; bits < sign_; ++bits) {
      const auto field = static_cast<int>(bits >> mantissa_bits);
      const double fraction = std::ldexp(bits & ((1u << mantissa_bits) - 1), -mantissa_bits);
      const bool beyond = has_infinity ? field == highest : bits == sign_ - 1;
      if (beyond) break;
      positive_.push_back(field == 0 ? std::ldexp(fraction, 1 - bias)
                                     : std::ldexp(1 + fraction, field - bias));
    }
  }
  double value(std::uint64_t bits) const {
    const std::uint64_t magnitude = bits & (sign_ - 1);
    const double value = magnitude < positive_.size()    ? positive_[magnitude]
                         : magnitude == positive_.size() ? INFINITY
                                                         : NAN;
    return (bits & sign_) != 0 ? -value : value;
  }
  /// Looked up among all of them; between two, the one whose last bit is 0.
  std::uint64_t nearest(double value) const {
    const double magnitude = std::fabs(value);
    const std::uint64_t sign = std::signbit(value) ? sign_ : 0;
    const std::uint64_t greatest = positive_.size() - 1;
    const double step = positive_[greatest] - positive_[greatest - 1];
    if (magnitude >= positive_[greatest] + step / 2) return sign | (saturates_ ? greatest : greatest + 1);
    const auto at = std::upper_bound(positive_.begin(), positive_.end(), magnitude);
    const auto above = static_cast<std::uint64_t>(at - positive_.begin()), below = above - 1;
    if (above > greatest) return sign | greatest;
    const double up = positive_[above] - magnitude, down = magnitude - positive_[below];
    if (up == down) return sign | (below % 2 == 0 ? below : above);
    return sign | (up < down ? above : below);
  }

 private:
  std::uint64_t sign_;
  bool saturates_;
  std::vector<double> positive_;  // by their bits
};

const SmallFloats& small(DataType type) {
  static const SmallFloats f16(5, 10, true, false), bf16(8, 7, true, false), e4m3(4, 3, false, true),
      e5m2(5, 2, true, true);
  return type == DataType::f16 ? f16 : type == DataType::bf16 ? bf16 : type == DataType::e4m3 ? e4m3 : e5m2;
}

bool is_real(DataType type) {
  return type >= DataType::f16;
}

double value_of(DataType type, std::uint64_t bits) {
  if (type == DataType::f64) return std::bit_cast<double>(bits);
  if (type == DataType::f32) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return small(type).value(bits);
}
std::uint64_t bits_of(DataType type, double value) {
  if (type == DataType::f64) return std::bit_cast<std::uint64_t>(value);
  if (type == DataType::f32) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return small(type).nearest(value);
}

/// device/reduce_kernel.h: fp8 computes in half precision.
std::uint64_t rounded(DataType type, double exact) {
  if (bytes_of(type) > 1) return bits_of(type, exact);
  return bits_of(type, value_of(DataType::f16, bits_of(DataType::f16, exact)));
}

std::uint64_t mask_of(DataType type) {
  return ~std::uint64_t{0} >> (64 - 8 * bytes_of(type));
}
/// Of an integer of this type with these bits.
std::int64_t extended(DataType type, std::uint64_t bits) {
  const unsigned unused = 64 - 8 * bytes_of(type);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}
bool has_sign(DataType type) {
  return type == DataType::i8 || type == DataType::i32 || type == DataType::i64;
}

/// The operator over all inputs. These are such that the order does not matter.
std::uint64_t reduced(DataType type, Op op, const std::vector<std::uint64_t>& inputs) {
  const auto count = static_cast<double>(inputs.size());
  const auto combined = [&](std::uint64_t a, std::uint64_t b) {
    if (is_real(type)) {
      const double x = value_of(type, a), y = value_of(type, b);
      if (op == Op::min || op == Op::max) return (x < y) == (op == Op::min) ? a : b;
      return rounded(type, op == Op::prod ? x * y : x + y);
    }
    if (op == Op::min || op == Op::max) {
      const bool less = has_sign(type) ? extended(type, a) < extended(type, b) : a < b;
      return less == (op == Op::min) ? a : b;
    }
    return (op == Op::prod ? a * b : a + b) & mask_of(type);
  };
  const auto scaled = [&](std::uint64_t bits) {
    const bool scales = op == Op::avg && is_real(type);
    return scales ? rounded(type, value_of(type, bits) * value_of(type, bits_of(type, 1 / count))) : bits;
  };
  std::uint64_t result = scaled(inputs[0]);
  for (std::size_t i = 1; i < inputs.size(); ++i) result = combined(result, scaled(inputs[i]));
  if (op != Op::avg || is_real(type)) return result;
  const auto divisor = static_cast<std::int64_t>(inputs.size());
  if (has_sign(type)) return static_cast<std::uint64_t>(extended(type, result) / divisor) & mask_of(type);
  return result / static_cast<std::uint64_t>(divisor);
}

std::uint64_t hash(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Of floats, units whose sums are exact with up to eight ranks (their mantissas have so many bits and one
/// more); integers are anything.
std::uint64_t input(DataType type, Op op, int rank, int ranks, std::size_t index) {
  const std::uint64_t drawn = hash(static_cast<std::uint64_t>(rank) << 32 | index);
  if (!is_real(type)) return drawn & mask_of(type);
  const std::map<DataType, std::int64_t> most{{DataType::e5m2, 1},        {DataType::e4m3, 2},
                                              {DataType::bf16, 32},       {DataType::f16, 256},
                                              {DataType::f32, 1ll << 21}, {DataType::f64, 1ll << 50}};
  const std::int64_t limit = most.at(type);
  const auto unit = static_cast<double>(
      static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>(2 * limit + 1)) - limit);
  const bool only = static_cast<int>(index % static_cast<std::size_t>(ranks)) == rank;
  if (op == Op::prod) {
    const double sign = drawn % 2 == 0 ? 1 : -1;
    return bits_of(type, only ? sign * static_cast<double>(1 + drawn / 2 % 3) : sign);
  }
  if (op != Op::avg) return bits_of(type, unit);
  // A share of the units is one only where the ranks are a power of two; else one rank has something alone.
  const bool exact = (ranks & (ranks - 1)) == 0;
  return bits_of(type, exact ? ranks * unit : only ? unit : 0);
}

/// Elements of some type in a rank's memory.
struct Elements {
  Elements(DataType of, std::size_t elements)
      : type(of), count(elements), memory(allocate<char>(elements * 8)) {}
  std::uint64_t operator[](std::size_t index) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, at(index), bytes_of(type));
    return bits;
  }
  void set(std::size_t index, std::uint64_t bits) const { std::memcpy(at(index), &bits, bytes_of(type)); }
  char* at(std::size_t index) const { return memory + index * bytes_of(type); }
  /// Of no result.
  void spoil() const { std::memset(memory, 0x5a, count * 8); }
  bool is_spoilt(std::size_t index) const { return (*this)[index] == (0x5a5a5a5a5a5a5a5a & mask_of(type)); }

  DataType type;
  std::size_t count;
  char* memory;
};

constexpr std::size_t kFew = 1, kMany = 1021;  // a prime: no chunk is as long as another

class NcclCollectives : public NcclLibrary, public testing::WithParamInterface<int> {
 protected:
  struct Case {
    const RankAtWork& at;
    Op op;
    std::size_t count;
    bool in_place;
    const Elements &send, &receive;

    std::string text() const {
      return "type " + std::to_string(static_cast<int>(send.type)) + ", operator " +
             std::to_string(static_cast<int>(op)) + ", " + std::to_string(count) +
             (in_place ? " in place" : "");
    }
    std::size_t ranks() const { return static_cast<std::size_t>(at.ranks); }
    std::size_t rank() const { return static_cast<std::size_t>(at.rank); }

    /// Fills what is sent from element `first` of `into` on.
    void fill(const Elements& into, std::size_t first, std::size_t elements) const {
      for (std::size_t i = 0; i < elements; ++i)
        into.set(first + i, input(send.type, op, at.rank, at.ranks, i));
    }
    std::uint64_t given(int rank, std::size_t index) const {
      return input(send.type, op, rank, at.ranks, index);
    }
    std::uint64_t expected(std::size_t index) const {
      std::vector<std::uint64_t> inputs;
      for (int rank = 0; rank < at.ranks; ++rank) inputs.push_back(given(rank, index));
      return reduced(send.type, op, inputs);
    }
    template <typename Expected>
    void expect(const char* what, const Elements& in, std::size_t first, std::size_t elements,
                const Expected& of) const {
      for (std::size_t i = 0; i < elements; ++i) {
        const std::uint64_t there = in[first + i], right = of(i);
        if (there == right) continue;
        ADD_FAILURE() << what << " of rank " << at.rank << " of " << at.ranks << ", " << text()
                      << ": element " << i << " is 0x" << std::hex << there << ", not 0x" << right;
        return;
      }
    }
    template <typename Index>
    void expect_spoilt(const char* what, const Index& first, std::size_t elements) const {
      for (std::size_t i = 0; i < elements; ++i)
        EXPECT_TRUE(receive.is_spoilt(first + i)) << what << " of rank " << at.rank << ": " << i;
    }
  };

  static void all_reduce(const Case& c) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, 0, c.count);
    c.at.sync(
        c.at.api.all_reduce(from.memory, c.receive.memory, c.count, c.send.type, c.op, c.at.comm, nullptr));
    c.expect("AllReduce", c.receive, 0, c.count, [&](std::size_t i) { return c.expected(i); });
    c.expect_spoilt("AllReduce", c.count, 1);
  }
  static void reduce(const Case& c, int root) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, 0, c.count);
    const bool mine = c.at.rank == root;
    char* const to = mine || c.in_place ? c.receive.memory : nullptr;  // nobody reads it
    c.at.sync(c.at.api.reduce(from.memory, to, c.count, c.send.type, c.op, root, c.at.comm, nullptr));
    if (mine) c.expect("Reduce", c.receive, 0, c.count, [&](std::size_t i) { return c.expected(i); });
    if (!mine && !c.in_place) c.expect_spoilt("Reduce", std::size_t{0}, c.count);
  }
  static void reduce_scatter(const Case& c) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, 0, c.ranks() * c.count);
    const std::size_t first = c.in_place ? c.rank() * c.count : 0;
    c.at.sync(c.at.api.reduce_scatter(from.memory, c.receive.at(first), c.count, c.send.type, c.op, c.at.comm,
                                      nullptr));
    c.expect("ReduceScatter", c.receive, first, c.count,
             [&](std::size_t i) { return c.expected(c.rank() * c.count + i); });
  }
  static void all_gather(const Case& c) {
    c.receive.spoil();
    const std::size_t first = c.in_place ? c.rank() * c.count : 0;
    const Elements& from = c.in_place ? c.receive : c.send;
    c.fill(from, first, c.count);
    c.at.sync(
        c.at.api.all_gather(from.at(first), c.receive.memory, c.count, c.send.type, c.at.comm, nullptr));
    for (int rank = 0; rank < c.at.ranks; ++rank)
      c.expect("AllGather", c.receive, static_cast<std::size_t>(rank) * c.count, c.count,
               [&](std::size_t i) { return c.given(rank, i); });
  }
  static void broadcast(const Case& c, int root) {
    c.receive.spoil();
    const Elements& from = c.in_place ? c.receive : c.send;
    const bool mine = c.at.rank == root;
    if (mine) c.fill(from, 0, c.count);
    c.at.sync(c.at.api.broadcast(mine ? from.memory : nullptr, c.receive.memory, c.count, c.send.type, root,
                                 c.at.comm, nullptr));
    c.expect("Broadcast", c.receive, 0, c.count, [&](std::size_t i) { return c.given(root, i); });
    c.expect_spoilt("Broadcast", c.count, 1);
  }
  static void all_to_all(const Case& c) {
    c.receive.spoil();
    c.fill(c.send, 0, c.ranks() * c.count);
    c.at.sync(c.at.api.all_to_all(c.send.memory, c.receive.memory, c.count, c.send.type, c.at.comm, nullptr));
    for (int rank = 0; rank < c.at.ranks; ++rank)
      c.expect("AlltoAll", c.receive, static_cast<std::size_t>(rank) * c.count, c.count,
               [&](std::size_t i) { return c.given(rank, c.rank() * c.count + i); });
  }
  static void gather(const Case& c, int root) {
    c.receive.spoil();
    const bool mine = c.at.rank == root, in_place = c.in_place && mine;
    const Elements& from = in_place ? c.receive : c.send;
    const std::size_t first = in_place ? c.rank() * c.count : 0;
    c.fill(from, first, c.count);
    c.at.sync(c.at.api.gather(from.at(first), mine ? c.receive.memory : nullptr, c.count, c.send.type, root,
                              c.at.comm, nullptr));
    for (int rank = 0; mine && rank < c.at.ranks; ++rank)
      c.expect("Gather", c.receive, static_cast<std::size_t>(rank) * c.count, c.count,
               [&](std::size_t i) { return c.given(rank, i); });
    if (!mine) c.expect_spoilt("Gather", std::size_t{0}, c.count);
  }
  static void scatter(const Case& c, int root) {
    c.receive.spoil();
    const bool mine = c.at.rank == root;
    if (mine) c.fill(c.send, 0, c.ranks() * c.count);
    const Elements& to = c.in_place && mine ? c.send : c.receive;
    const std::size_t first = c.in_place && mine ? c.rank() * c.count : 0;
    c.at.sync(c.at.api.scatter(mine ? c.send.memory : nullptr, to.at(first), c.count, c.send.type, root,
                               c.at.comm, nullptr));
    c.expect("Scatter", to, first, c.count,
             [&](std::size_t i) { return c.given(root, c.rank() * c.count + i); });
  }
  static void ring(const Case& c) {
    c.receive.spoil();
    c.fill(c.send, 0, c.count);
    const int next = (c.at.rank + 1) % c.at.ranks, before = (c.at.rank + c.at.ranks - 1) % c.at.ranks;
    c.at.sync(in_a_group(c.at.api, [&] {
      EXPECT_EQ(c.at.api.send(c.send.memory, c.count, c.send.type, next, c.at.comm, nullptr),
                Result::success);
      EXPECT_EQ(c.at.api.receive(c.receive.memory, c.count, c.send.type, before, c.at.comm, nullptr),
                Result::success);
    }));
    c.expect("ring", c.receive, 0, c.count, [&](std::size_t i) { return c.given(before, i); });
    c.expect_spoilt("ring", c.count, 1);
  }
};

TEST_P(NcclCollectives, ReduceEveryTypeByEveryOperator) {
  with_ranks(GetParam(), [](const RankAtWork& at) {
    const std::size_t most = static_cast<std::size_t>(at.ranks) * kMany + 1;
    Elements send(DataType::i8, most), receive(DataType::i8, most);
    for (int type = 0; type < kDataTypes; ++type) {
      send.type = receive.type = static_cast<DataType>(type);
      for (int op = 0; op < kBuiltinOps; ++op) {
        for (const auto& [count, in_place] : {std::pair{kFew, false}, {kMany, true}}) {
          const Case one{at, static_cast<Op>(op), count, in_place, send, receive};
          all_reduce(one);
          reduce(one, in_place ? at.ranks - 1 : 0);
          reduce_scatter(one);
        }
      }
    }
    for (const auto& [count, in_place] : {std::pair{kFew, true}, {kMany, false}}) {
      send.type = receive.type = DataType::bf16;
      const Case one{at, Op::sum, count, in_place, send, receive};
      all_reduce(one);
      for (int root = 0; root < at.ranks; ++root) reduce(one, root);
      reduce_scatter(one);
    }
  });
}

TEST_P(NcclCollectives, CarryEveryElement) {
  with_ranks(GetParam(), [](const RankAtWork& at) {
    const std::size_t most = static_cast<std::size_t>(at.ranks) * kMany + 1;
    Elements send(DataType::i8, most), receive(DataType::i8, most);
    for (const DataType type : {DataType::i8, DataType::e5m2, DataType::bf16, DataType::i32, DataType::f64}) {
      send.type = receive.type = type;
      for (const std::size_t count : {kFew, kMany}) {
        for (const bool in_place : {false, true}) {
          const Case one{at, Op::sum, count, in_place, send, receive};
          all_gather(one);
          for (const int root : {0, at.ranks - 1}) {
            broadcast(one, root);
            gather(one, root);
            scatter(one, root);
          }
          if (in_place) continue;
          all_to_all(one);
          ring(one);
        }
      }
    }
  });
}

/// The switches, and a chain, come to the same where the order does not matter.
TEST_P(NcclCollectives, EveryAlgorithmGivesTheSame) {
  node_.multicast = true;
  for (const char* const named : {"Tree", "NVLS", "Ring"}) {
    const Variable algorithm("NCCL_ALGO", named);
    const bool chain = std::string(named) == "Tree";
    with_ranks(GetParam(), [chain](const RankAtWork& at) {
      const std::size_t most = static_cast<std::size_t>(at.ranks) * kMany + 1;
      Elements send(DataType::i8, most), receive(DataType::i8, most);
      for (const DataType type : {DataType::u32, DataType::i64, DataType::f16, DataType::bf16}) {
        send.type = receive.type = type;
        for (const Op op : {Op::sum, Op::min, Op::max}) {
          const Case one{at, op, kMany, op == Op::min, send, receive};
          all_reduce(one);
          if (!chain) reduce_scatter(one);
          if (!chain) all_gather(one);
        }
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks, NcclCollectives, testing::Values(2, 3, 8));

/// device/all_reduce.h, reduce_scatter.h, reduce.h: what ends at rank r is added up from r + 1 on.
TEST_F(NcclLibrary, ARingAddsUpInItsOrder) {
  with_ranks(3, [](const RankAtWork& at) {
    auto *const from = allocate<float>(3), *const to = allocate<float>(3);
    const float values[] = {1e8f, 1, -1e8f};
    const float sums[] = {0, 1, 0};  // (1 - 1e8) + 1e8, (-1e8 + 1e8) + 1, (1e8 + 1) - 1e8
    std::fill(from, from + 3, values[at.rank]);
    at.sync(at.api.all_reduce(from, to, 3, DataType::f32, Op::sum, at.comm, nullptr));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(to[i], sums[i]) << i;
    at.sync(at.api.reduce_scatter(from, to, 1, DataType::f32, Op::sum, at.comm, nullptr));
    EXPECT_EQ(to[0], sums[at.rank]);
    for (int root = 0; root < 3; ++root) {
      at.sync(at.api.reduce(from, to, 1, DataType::f32, Op::sum, root, at.comm, nullptr));
      if (at.rank == root) {
        EXPECT_EQ(to[0], sums[root]);
      }
    }
  });
}

/// device/reduce_kernel.h: a ring rounds at each step, the switches once, from single precision.
TEST_F(NcclLibrary, SwitchesRoundHalvesOnce) {
  node_.multicast = true;
  constexpr std::uint16_t one = 0x3f80, n256 = 0x4380, n258 = 0x4381;
  for (const bool switched : {false, true}) {
    const Variable algorithm("NCCL_ALGO", switched ? "NVLS" : "Ring");
    with_ranks(3, [&](const RankAtWork& at) {
      auto *const from = allocate<std::uint16_t>(3), *const to = allocate<std::uint16_t>(1);
      std::fill(from, from + 3, at.rank == 1 ? n256 : one);
      at.sync(at.api.all_reduce(from, to, 1, DataType::bf16, Op::sum, at.comm, nullptr));
      EXPECT_EQ(*to, switched ? n258 : n256) << "(256 + 1) + 1";
      at.sync(at.api.reduce_scatter(from, to, 1, DataType::bf16, Op::sum, at.comm, nullptr));
      if (at.rank == 0) {
        EXPECT_EQ(*to, switched ? n258 : n256);
      }
    });
  }
}

/// Of two ranks' elements.
struct Sum {
  DataType type;
  Op op;
  std::uint64_t of_first, of_second, result;
};

/// device/reduce_kernel.h.
TEST_F(NcclLibrary, EdgesOfTheTypes) {
  constexpr std::uint32_t nan = 0x7fc00000, one = 0x3f800000;
  const auto bits = [](float value) -> std::uint64_t { return std::bit_cast<std::uint32_t>(value); };
  with_ranks(2, [&](const RankAtWork& at) {
    const Elements element(DataType::i8, 1);
    for (const Sum& sum : {
             Sum{DataType::i8, Op::sum, 100, 100, 200},
             {DataType::i8, Op::avg, 100, 100, 0xe4},  // -56 / 2: the sum has wrapped
             {DataType::u8, Op::avg, 200, 100, 22},    // 44 / 2
             {DataType::u8, Op::avg, 3, 4, 3},
             {DataType::i8, Op::avg, 0xf9, 0, 0xfd},  // -7 / 2 to zero
             {DataType::i32, Op::avg, 0xfffffff9, 0, 0xfffffffd},
             {DataType::i32, Op::prod, 0x10001, 0x10001, 0x20001},
             {DataType::u64, Op::sum, ~0ULL, 2, 1},
             {DataType::i64, Op::max, ~0ULL, 1, 1},
             {DataType::u64, Op::max, ~0ULL, 1, ~0ULL},
             {DataType::i8, Op::min, 0x80, 0x7f, 0x80},
             {DataType::u8, Op::min, 0x80, 0x7f, 0x7f},
             {DataType::f32, Op::min, nan, one, one},  // a NaN is left out
             {DataType::f32, Op::min, one, nan, one},
             {DataType::f32, Op::max, nan, one, one},
             {DataType::f32, Op::max, one, nan, one},
             {DataType::f32, Op::sum, bits(16777216.0f), bits(1.0f), bits(16777216.0f)},
             {DataType::f16, Op::sum, 0x7bff, 0x7bff, 0x7c00},    // 65504 twice: infinity
             {DataType::bf16, Op::prod, 0x4780, 0x4780, 0x4f80},  // 2^16 squared
             {DataType::e4m3, Op::sum, 0x7e, 0x7e, 0x7e},         // 448 saturates
             {DataType::e4m3, Op::sum, 0x7e, 0xfe, 0x00},
             {DataType::e4m3, Op::prod, 0xfe, 0x7e, 0xfe},  // beyond half precision, too
             {DataType::e5m2, Op::sum, 0x7b, 0x7b, 0x7b},   // 57344: infinity in half precision
             {DataType::e5m2, Op::sum, 0x3c, 0x30, 0x3c},   // 1 + 1/8: half a unit, to even
         }) {
      Elements here = element;
      here.type = sum.type;
      here.set(0, at.rank == 0 ? sum.of_first : sum.of_second);
      at.sync(at.api.all_reduce(here.memory, here.memory, 1, sum.type, sum.op, at.comm, nullptr));
      EXPECT_EQ(here[0], sum.result) << "type " << static_cast<int>(sum.type) << ", operator "
                                     << static_cast<int>(sum.op) << ", " << sum.of_first << ", "
                                     << sum.of_second;
    }
  });
}

/// enqueue.cc: ncclRedOpCreatePreMulSum.
TEST_F(NcclLibrary, AnOperatorOfItsOwnScalesFirst) {
  with_ranks(2, [](const RankAtWork& at) {
    auto *const memory = allocate<float>(2), *const scalar = allocate<float>(1);
    const auto reduced = [&](Op op) {
      memory[0] = static_cast<float>(at.rank + 1);
      at.sync(at.api.all_reduce(memory, memory + 1, 1, DataType::f32, op, at.comm, nullptr));
      return memory[1];
    };
    float factor = 2.5f;
    Op by_host{}, by_device{};
    EXPECT_EQ(at.api.create_op(&by_host, &factor, DataType::f32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    factor = 100;  // it was copied
    EXPECT_EQ(reduced(by_host), 7.5f);
    *scalar = 3;
    EXPECT_EQ(at.api.create_op(&by_device, scalar, DataType::f32, ScalarResidence::device, at.comm),
              Result::success);
    EXPECT_EQ(reduced(by_device), 9);
    *scalar = 4;  // it was not
    EXPECT_EQ(reduced(by_device), 12);

    memory[0] = 1;
    at.sync(in_a_group(at.api, [&] {
      EXPECT_EQ(at.api.all_reduce(memory, memory + 1, 1, DataType::f32, by_host, at.comm, nullptr),
                Result::success);
      EXPECT_EQ(at.api.destroy_op(by_host, at.comm),
                Result::success);  // enqueue.cc: taskAppend has copied it
    }));
    EXPECT_EQ(memory[1], 5);
    std::uint32_t five = 5;
    Op whole{};
    EXPECT_EQ(at.api.create_op(&whole, &five, DataType::u32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    auto* const integer = allocate<std::uint32_t>(1);
    *integer = 0x40000000;
    at.sync(at.api.all_reduce(integer, integer, 1, DataType::u32, whole, at.comm, nullptr));
    EXPECT_EQ(*integer, 0x80000000u);
  });
}

/// nccl.h: it scales "locally": each rank by the scalar that it was given.
TEST_F(NcclLibrary, EachRankScalesByItsOwn) {
  node_.multicast = true;
  with_ranks(3, [](const RankAtWork& at) {
    auto* const memory = allocate<float>(4);
    float factor = static_cast<float>(std::pow(10, at.rank));
    Op own{};
    EXPECT_EQ(at.api.create_op(&own, &factor, DataType::f32, ScalarResidence::host_immediate, at.comm),
              Result::success);
    std::fill(memory, memory + 3, static_cast<float>(at.rank + 1));
    at.sync(at.api.all_reduce(memory, memory, 3, DataType::f32, own, at.comm, nullptr));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(memory[i], 321) << i;
    std::fill(memory, memory + 3, static_cast<float>(at.rank + 1));
    at.sync(at.api.reduce_scatter(memory, memory + 3, 1, DataType::f32, own, at.comm, nullptr));
    EXPECT_EQ(memory[3], 321);
    std::fill(memory, memory + 3, static_cast<float>(at.rank + 1));
    at.sync(at.api.reduce(memory, memory + 3, 1, DataType::f32, own, 1, at.comm, nullptr));
    if (at.rank == 1) {
      EXPECT_EQ(memory[3], 321);
    }
  });
}

/// group.cc: ncclGroupEndInternal, enqueue.cc: ncclPrepareTasks.
TEST_F(NcclLibrary, AGroupIsDoneAsAWhole) {
  with_ranks(2, [](const RankAtWork& at) {
    auto* const memory = allocate<float>(4);
    const float mine = static_cast<float>(at.rank + 1);
    std::fill(memory, memory + 4, mine);
    const auto add = [&](float* to) {
      return at.api.all_reduce(memory, to, 1, DataType::f32, Op::sum, at.comm, nullptr);
    };
    EXPECT_EQ(in_a_group(at.api,
                         [&] {
                           EXPECT_EQ(add(memory + 1), Result::success);
                           EXPECT_EQ(at.api.send(memory, 1, DataType::f32, 2, at.comm, nullptr),
                                     Result::invalid_argument);
                           EXPECT_EQ(add(memory + 2), Result::success);
                         }),
              Result::invalid_argument);
    EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
    EXPECT_EQ(memory[1], mine) << "it was dropped";
    EXPECT_EQ(memory[2], mine);

    at.sync(in_a_group(at.api, [&] {
      EXPECT_EQ(add(memory + 1), Result::success);
      const int other = 1 - at.rank;
      EXPECT_EQ(at.api.receive(memory + 3, 1, DataType::f32, other, at.comm, nullptr), Result::success);
      EXPECT_EQ(in_a_group(at.api, [&] { EXPECT_EQ(add(memory + 2), Result::success); }), Result::success);
      EXPECT_EQ(at.api.send(memory, 1, DataType::f32, other, at.comm, nullptr), Result::success);
    }));
    EXPECT_EQ(memory[1], 3);
    EXPECT_EQ(memory[2], 3);
    EXPECT_EQ(memory[3], 3 - mine);
  });
}

/// enqueue.cc: scheduleP2pTasksToPlan: first come, first served, on each way.
TEST_F(NcclLibrary, WhatIsSentArrivesInItsOrder) {
  constexpr int kMost = 7;  // beyond what the stand-in keeps of a way
  with_ranks(2, [](const RankAtWork& at) {
    auto *const from = allocate<std::int32_t>(kMost), *const to = allocate<std::int32_t>(kMost);
    for (int i = 0; i < kMost; ++i) from[i] = 100 * (at.rank + 1) + i;
    at.sync(in_a_group(at.api, [&] {
      for (int i = 0; i < kMost; ++i) {
        EXPECT_EQ(at.api.send(from + i, 1, DataType::i32, 1 - at.rank, at.comm, nullptr), Result::success);
        EXPECT_EQ(at.api.receive(to + i, 1, DataType::i32, 1 - at.rank, at.comm, nullptr), Result::success);
      }
    }));
    for (int i = 0; i < kMost; ++i) EXPECT_EQ(to[i], 100 * (2 - at.rank) + i);
    // One at a time, too: each waits for the other.
    for (int i = 0; i < kMost; ++i) {
      if (at.rank == 0) at.sync(at.api.send(from + i, 1, DataType::i32, 1, at.comm, nullptr));
      if (at.rank == 1) at.sync(at.api.receive(to + i, 1, DataType::i32, 0, at.comm, nullptr));
      if (at.rank == 1) {
        EXPECT_EQ(to[i], 100 + i);
      }
    }
  });
}

/// What spoils data on its way spoils them for all that they still go to.
TEST_F(NcclLibrary, WhatArrivesIsPassedOn) {
  std::vector<std::tuple<int, int, int>> ways;  // from, to, step
  node_.arrive = [&](const CollectiveCall& call, const Arriving& data) {
    EXPECT_STREQ(call.function, "Broadcast");
    EXPECT_STREQ(call.type, "ncclInt32");
    EXPECT_EQ(data.count, 1u);
    EXPECT_EQ(data.element_bytes, 4u);
    ways.emplace_back(data.from_slot, data.to_slot, data.step);
    if (data.to_slot != 0) return;
    std::int32_t value = 0;
    std::memcpy(&value, data.data, sizeof(value));
    ++value;
    std::memcpy(data.data, &value, sizeof(value));
  };
  with_ranks(4, [](const RankAtWork& at) {
    auto* const memory = allocate<std::int32_t>(1);
    *memory = at.rank == 3 ? 7 : 0;
    at.sync(at.api.broadcast(memory, memory, 1, DataType::i32, 3, at.comm, nullptr));
    EXPECT_EQ(*memory, at.rank == 3 ? 7 : 8);
  });
  EXPECT_EQ(ways, (std::vector<std::tuple<int, int, int>>{{3, 0, 1}, {0, 1, 2}, {1, 2, 3}}));
}

// What is not over yet.

/// Where it stays what it is for a while.
template <typename Value>
void expect_to_stay(const std::function<Value()>& value, Value expected) {
  const auto end = std::chrono::steady_clock::now() + kLongEnough;
  while (std::chrono::steady_clock::now() < end) ASSERT_EQ(value(), expected);
}

cuda::cudaError_t query(RanksOfOneThread& ranks, int rank) {
  ranks.use(rank);
  return cuda::cudaStreamQuery(nullptr);
}

void expect_all_to_hang(RanksOfOneThread& ranks) {
  for (int rank = 0; rank < ranks.count(); ++rank)
    expect_to_stay<cuda::cudaError_t>([&] { return query(ranks, rank); }, cuda::cudaErrorNotReady);
}

TEST_F(NcclLibrary, InitialisationWaitsForAll) {
  RanksOfOneThread ranks(*api_, node_, 3);
  int number = 0;
  float scalar = 1;
  Op op{};
  for (const int rank : {2, 0}) {
    EXPECT_EQ(ranks.begin(rank), Result::in_progress);
    const Comm comm = ranks[rank];
    ASSERT_NE(comm, nullptr) << "init.cc: ncclCommInitRankDev: it is there at once";
    constexpr const char* source = "init.cc: ncclCommEnsureReady";
    constexpr const char* text =
        "Attempt to use communicator before the previous operation returned ncclSuccess";
    hold(*api_, {
                    {"how many", source, argument, [&] { return api_->count(comm, &number); }, text},
                    {"which", source, argument, [&] { return api_->rank(comm, &number); }, text},
                    {"where", source, argument, [&] { return api_->device(comm, &number); }, text},
                    {"an operator", source, argument,
                     [&] {
                       return api_->create_op(&op, &scalar, DataType::f32, ScalarResidence::host_immediate,
                                              comm);
                     },
                     text},
                });
    expect_to_stay<Result>([&] { return ranks.state(rank); }, Result::in_progress);
  }
  ranks.begin(1);
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(ranks.state(rank), Result::success);
    EXPECT_EQ(api_->rank(ranks[rank], &number), Result::success);
    EXPECT_EQ(number, rank);
  }
  ranks.end();
}

TEST_F(NcclLibrary, InitialisationTakesTime) {
  node_.init_s = 2;
  node_.now = 100;
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin(0);
  ranks.begin(1);
  node_.now = 99 + 2 * kSecond;
  EXPECT_EQ(ranks.state(0), Result::in_progress);
  node_.now = 100 + 2 * kSecond;
  EXPECT_EQ(ranks.state(0), Result::success);
  EXPECT_EQ(ranks.state(1), Result::success);
  ranks.end();
}

/// enqueue.cc: ncclEnqueueCheck.
TEST_F(NcclLibrary, ACallTooEarlyIsRefused) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin(0);
  auto* const memory = allocate<float>(1);
  EXPECT_EQ(api_->all_reduce(memory, memory, 1, DataType::f32, Op::sum, ranks[0], nullptr),
            Result::invalid_argument);
  EXPECT_EQ(cuda::cudaStreamQuery(nullptr), cuda::cudaSuccess) << "nothing was launched";
}

/// init.cc: ncclCommDestroy: the thread is left inside a group.
TEST_F(NcclLibrary, DestructionTooEarlyIsRefused) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin(0);
  EXPECT_EQ(api_->finalize(ranks[0]), Result::invalid_argument) << "init.cc: ncclCommFinalize";
  EXPECT_EQ(api_->destroy(ranks[0]), Result::invalid_argument);
  EXPECT_EQ(api_->group_end(), Result::success);
  EXPECT_EQ(api_->group_end(), Result::invalid_usage);
}

/// enqueue.cc: ncclEnqueueCheck: an error of a call sticks where the communicator does not block.
TEST_F(NcclLibrary, AnErrorSticksToWhatDoesNotBlock) {
  RanksOfOneThread ranks(*api_, node_, 1);
  ranks.begin_all();
  const Comm comm = ranks[0];
  auto* const memory = allocate<float>(1);
  const auto broadcast = [&](int root) {
    return api_->broadcast(memory, memory, 1, DataType::f32, root, comm, nullptr);
  };
  int number = 0;
  EXPECT_EQ(broadcast(0), Result::success);
  EXPECT_EQ(broadcast(1), Result::invalid_argument);
  EXPECT_EQ(ranks.state(0), Result::invalid_argument);
  EXPECT_EQ(broadcast(0), Result::invalid_argument);
  EXPECT_EQ(api_->count(comm, &number), Result::invalid_argument);
  EXPECT_EQ(api_->finalize(comm), Result::invalid_argument);
}

TEST_F(NcclLibrary, FinalisationWaitsForAll) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  EXPECT_EQ(api_->finalize(ranks[1]), Result::in_progress);
  expect_to_stay<Result>([&] { return ranks.state(1); }, Result::in_progress);
  EXPECT_EQ(api_->finalize(ranks[1]), Result::invalid_argument) << "init.cc: ncclCommEnsureReady";
  api_->finalize(ranks[0]);
  EXPECT_EQ(ranks.state(0), Result::success);
}

/// enqueue.cc: taskAppend: no elements are no call, whatever the others ask for; a send of nothing is one.
TEST_F(NcclLibrary, OnlySendsOfNothingNeedAPeer) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  const Comm comm = ranks.use(0);
  auto* const memory = allocate<float>(8);
  constexpr DataType type = DataType::f32;
  for (const Result called : {api_->all_reduce(memory, memory, 0, type, Op::sum, comm, nullptr),
                              api_->reduce(memory, memory, 0, type, Op::sum, 1, comm, nullptr),
                              api_->reduce_scatter(memory, memory, 0, type, Op::sum, comm, nullptr),
                              api_->all_gather(memory, memory, 0, type, comm, nullptr),
                              api_->broadcast(memory, memory, 0, type, 1, comm, nullptr),
                              api_->all_to_all(memory, memory, 0, type, comm, nullptr),
                              api_->gather(memory, memory, 0, type, 0, comm, nullptr),
                              api_->scatter(memory, memory, 0, type, 1, comm, nullptr)})
    EXPECT_EQ(called, Result::success);
  EXPECT_EQ(query(ranks, 0), cuda::cudaSuccess);
  EXPECT_EQ(api_->send(memory, 0, type, 1, comm, nullptr), Result::success);
  expect_to_stay<cuda::cudaError_t>([&] { return query(ranks, 0); }, cuda::cudaErrorNotReady);
  EXPECT_EQ(api_->receive(memory, 0, type, 0, ranks.use(1), nullptr), Result::success);
  EXPECT_EQ(query(ranks, 0), cuda::cudaSuccess);
  EXPECT_EQ(query(ranks, 1), cuda::cudaSuccess);
  ranks.end();
}

/// What ranks disagree about is nobody's error (argcheck.cc looks at one rank): their kernels do not end.
TEST_F(NcclLibrary, DisagreementHangsUntilItIsAborted) {
  const auto hangs = [&](const std::function<Result(Comm, float*)>& of_first,
                         const std::function<Result(Comm, float*)>& of_second) {
    PlainNode node;
    RanksOfOneThread ranks(*api_, node, 2);
    ranks.begin_all();
    ranks.for_each([&](int rank, Comm comm) {
      EXPECT_EQ((rank == 0 ? of_first : of_second)(comm, allocate<float>(16)), Result::success);
    });
    expect_all_to_hang(ranks);
    for (int rank = 0; rank < 2; ++rank)
      EXPECT_EQ(ranks.state(rank), Result::success) << "init.cc: ncclCommGetAsyncError: no dead peer is seen";
    ranks.abort_all();
    ranks.sync_all();
    for (int rank = 0; rank < 2; ++rank) EXPECT_EQ(query(ranks, rank), cuda::cudaSuccess);
  };
  const auto reduced = [&](std::size_t count, DataType type, Op op) {
    return [=, this](Comm comm, float* memory) {
      return api_->all_reduce(memory, memory, count, type, op, comm, nullptr);
    };
  };
  const auto broadcast = [&](int root) {
    return [=, this](Comm comm, float* memory) {
      return api_->broadcast(memory, memory, 8, DataType::f32, root, comm, nullptr);
    };
  };
  const auto right = reduced(8, DataType::f32, Op::sum);
  hangs(right, reduced(7, DataType::f32, Op::sum));
  hangs(right, reduced(8, DataType::i32, Op::sum));
  hangs(right, reduced(8, DataType::f32, Op::max));
  hangs(right, broadcast(0));
  hangs(broadcast(0), broadcast(1));
  hangs([&](Comm comm, float* memory) { return api_->send(memory, 4, DataType::f32, 1, comm, nullptr); },
        [&](Comm comm, float* memory) { return api_->receive(memory, 3, DataType::f32, 0, comm, nullptr); });
}

TEST_F(NcclLibrary, ObstaclesOfTheFabricAreMet) {
  Obstacle met = Obstacle::none;
  node_.obstacle = [&](int slot, const CollectiveCall& call) {
    return slot == 1 && std::string(call.function) == "AllReduce" ? met : Obstacle::none;
  };
  for (const Obstacle obstacle : {Obstacle::never_enters, Obstacle::hangs, Obstacle::another_count}) {
    met = obstacle;
    RanksOfOneThread ranks(*api_, node_, 2);
    ranks.begin_all();
    ranks.for_each([&](int, Comm comm) {
      auto* const memory = allocate<float>(8);
      EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, comm, nullptr), Result::success);
    });
    expect_all_to_hang(ranks);
  }
  {
    met = Obstacle::reported_failure;
    RanksOfOneThread ranks(*api_, node_, 2);
    ranks.begin_all();
    auto* const memory = allocate<float>(8);
    EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, ranks.use(1), nullptr),
              Result::system_error);
    EXPECT_EQ(ranks.state(1), Result::system_error);
    EXPECT_EQ(ranks.state(0), Result::success);
  }
}

TEST_F(NcclLibrary, AbortLetsGoOfAThreadThatWaits) {
  const UniqueId id = make_id(*api_);
  std::atomic<Comm> of_other = nullptr;
  std::atomic<bool> waits = false, let_go = false;
  std::thread other([&] {
    const RankDevice device(node_, 1);
    Comm comm = nullptr;
    EXPECT_EQ(api_->init_rank(&comm, 2, id, 1), Result::success);
    auto* const memory = allocate<float>(8);
    EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, comm, nullptr), Result::success);
    of_other = comm;
    waits = true;
    EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
    let_go = true;
  });
  {
    const RankDevice device(node_, 0);
    Comm comm = nullptr;
    EXPECT_EQ(api_->init_rank(&comm, 2, id, 0), Result::success);
    while (!waits) std::this_thread::yield();
    std::this_thread::sleep_for(kLongEnough);
    EXPECT_FALSE(let_go);
    abort_and_keep(*api_, of_other);
    other.join();
    EXPECT_TRUE(let_go);
    abort_and_keep(*api_, comm);
  }
}

/// init.cc: commReclaim: what an aborted one has is freed.
TEST_F(NcclLibrary, TheAbortedMakeRoom) {
  for (int time = 0; time < 20; ++time) {
    RanksOfOneThread ranks(*api_, node_, 2);
    ranks.begin_all();
    ranks.abort_all();
  }
}

TEST_F(NcclLibrary, EventsAreBehindWhatCameBefore) {
  node_.call_s = 1e-3;
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  const Comm comm = ranks.use(0);
  auto* const memory = allocate<float>(8);
  cuda::cudaEvent_t before = nullptr, behind = nullptr;
  ASSERT_EQ(cuda::cudaEventCreate(&before), cuda::cudaSuccess);
  ASSERT_EQ(cuda::cudaEventCreate(&behind), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventRecord(before), cuda::cudaSuccess);
  EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, comm, nullptr), Result::success);
  EXPECT_EQ(cuda::cudaEventRecord(behind), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventQuery(before), cuda::cudaSuccess);
  expect_to_stay<cuda::cudaError_t>([&] { return cuda::cudaEventQuery(behind); }, cuda::cudaErrorNotReady);
  float milliseconds = 0;
  EXPECT_EQ(cuda::cudaEventElapsedTime(&milliseconds, before, behind), cuda::cudaErrorNotReady);

  const Comm other = ranks.use(1);
  auto* const of_other = allocate<float>(8);
  node_.now = 2'000'000;
  EXPECT_EQ(api_->all_reduce(of_other, of_other, 8, DataType::f32, Op::sum, other, nullptr), Result::success);
  ranks.use(0);
  node_.now = 3'000'000 - 1;
  EXPECT_EQ(cuda::cudaEventQuery(behind), cuda::cudaErrorNotReady) << "2 ms late, and 1 ms long";
  EXPECT_EQ(cuda::cudaEventSynchronize(behind), cuda::cudaSuccess);
  EXPECT_EQ(node_.now, 3'000'000);
  EXPECT_EQ(cuda::cudaEventQuery(behind), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventElapsedTime(&milliseconds, before, behind), cuda::cudaSuccess);
  EXPECT_FLOAT_EQ(milliseconds, 3);
  EXPECT_EQ(cuda::cudaEventDestroy(before), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventDestroy(behind), cuda::cudaSuccess);
  ranks.sync_all();
  ranks.end();
}

/// enqueue.cc: ncclPlannerSetCapturingGraph.
TEST_F(NcclLibrary, AGraphIsDoneAsOftenAsItIsLaunched) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  std::vector<float*> memory;
  std::vector<cuda::cudaStream_t> streams;
  std::vector<cuda::cudaGraphExec_t> graphs;
  ranks.for_each([&](int, Comm comm) {
    memory.push_back(allocate<float>(1));
    *memory.back() = 1;
    cuda::cudaStream_t stream = nullptr;
    cuda::cudaGraph_t graph = nullptr;
    cuda::cudaGraphExec_t executable = nullptr;
    EXPECT_EQ(cuda::cudaStreamCreateWithFlags(&stream, cuda::cudaStreamNonBlocking), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaStreamBeginCapture(stream, cuda::cudaStreamCaptureModeThreadLocal),
              cuda::cudaSuccess);
    EXPECT_EQ(api_->all_reduce(memory.back(), memory.back(), 1, DataType::f32, Op::sum, comm, stream),
              Result::success);
    EXPECT_EQ(cuda::cudaStreamEndCapture(stream, &graph), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaGraphInstantiate(&executable, graph, 0), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaGraphDestroy(graph), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaStreamQuery(stream), cuda::cudaSuccess) << "nothing runs";
    streams.push_back(stream);
    graphs.push_back(executable);
  });
  for (const float sum : {2.0f, 4.0f}) {
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(*memory[i], sum / 2);
    ranks.for_each([&](int rank, Comm) {
      const auto i = static_cast<std::size_t>(rank);
      EXPECT_EQ(cuda::cudaGraphLaunch(graphs[i], streams[i]), cuda::cudaSuccess);
      EXPECT_EQ(cuda::cudaStreamQuery(streams[i]), rank == 0 ? cuda::cudaErrorNotReady : cuda::cudaSuccess);
    });
    ranks.for_each([&](int rank, Comm) {
      const auto i = static_cast<std::size_t>(rank);
      EXPECT_EQ(cuda::cudaStreamSynchronize(streams[i]), cuda::cudaSuccess);
      EXPECT_EQ(*memory[i], sum);
    });
  }
  ranks.for_each([&](int rank, Comm) {
    const auto i = static_cast<std::size_t>(rank);
    EXPECT_EQ(cuda::cudaGraphExecDestroy(graphs[i]), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaStreamDestroy(streams[i]), cuda::cudaSuccess);
  });
  ranks.end();
}

// RAS.

/// A port that is free now.
int free_port() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  EXPECT_EQ(bind(probe, reinterpret_cast<const sockaddr*>(&address), length), 0);
  EXPECT_EQ(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length), 0);
  close(probe);
  return ntohs(address.sin_port);
}

class RasClient {
 public:
  explicit RasClient(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RasClient() { close(socket_); }
  RasClient(const RasClient&) = delete;
  RasClient& operator=(const RasClient&) = delete;

  bool connected() const { return connected_; }
  void say(const std::string& text) {
    EXPECT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  std::string answer(const std::string& text) {
    say(text);
    while (received_.find('\n') == std::string::npos && receive()) {
    }
    const std::size_t end = std::min(received_.find('\n'), received_.size());
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }
  std::string all_until_it_closes() {
    while (receive()) {
    }
    return received_;
  }

 private:
  bool receive() {
    char piece[512];
    const ssize_t got = recv(socket_, piece, sizeof(piece), 0);
    if (got > 0) received_.append(piece, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_;
  bool connected_ = false;
  std::string received_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// ras/client_support.cc: rasClientEventLoop, and the writers of its JSON.
TEST_F(NcclLibrary, RasSaysHowTheRanksAre) {
  const int port = free_port();
  const std::string at = "localhost:" + std::to_string(port);
  const Variable enable("NCCL_RAS_ENABLE", nullptr), address("NCCL_RAS_ADDR", at.c_str());
  library_->keep_loaded();  // its thread goes on
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  std::vector<float*> memory;
  for (int time = 0; time < 3; ++time) {
    ranks.for_each([&](int, Comm comm) {
      memory.push_back(allocate<float>(1));
      EXPECT_EQ(api_->all_reduce(memory.back(), memory.back(), 1, DataType::f32, Op::sum, comm, nullptr),
                Result::success);
    });
  }
  const Comm first = ranks.use(0);
  EXPECT_EQ(api_->broadcast(memory[0], memory[0], 1, DataType::f32, 0, first, nullptr), Result::success);

  RasClient client(port);
  if (!client.connected()) GTEST_SKIP() << "this process's RAS listens elsewhere since another test";
  EXPECT_EQ(client.answer("client protocol 2\n"), "SERVER PROTOCOL 2");
  EXPECT_EQ(client.answer("timeout 5\n"), "OK");
  EXPECT_EQ(client.answer("set format xml\n"), "ERROR: Invalid format xml");
  EXPECT_EQ(client.answer("set format json\n"), "OK");
  EXPECT_EQ(client.answer("how are you\n"), "ERROR: Unknown command how are you");
  client.say("verbose status\n");
  const std::string status = client.all_until_it_closes();
  EXPECT_TRUE(has(status, "\"nccl_version\": \"2.28.9\"")) << status;
  EXPECT_TRUE(has(status, "\"communicators_count\": 1")) << status;
  EXPECT_TRUE(has(status, "\"size\": 2,\n      \"ranks_count\": 2,\n      \"missing_ranks_count\": 0"))
      << status;
  const std::size_t second = status.find("\"rank\": 1");
  ASSERT_NE(second, std::string::npos) << status;
  const std::string of_first = status.substr(0, second), of_second = status.substr(second);
  EXPECT_TRUE(has(of_first, "\"Broadcast\": 1")) << "counted as it is enqueued: " << status;
  EXPECT_TRUE(has(of_second, "\"Broadcast\": 0")) << status;
  for (const std::string& rank : {of_first, of_second}) {
    EXPECT_TRUE(has(rank, "\"pid\": " + std::to_string(getpid()))) << status;
    EXPECT_TRUE(has(rank, "\"AllReduce\": 3")) << status;
    EXPECT_TRUE(has(rank, "\"abort_flag\": false")) << status;
  }
  ranks.abort_all();
  RasClient later(port);
  EXPECT_EQ(later.answer("set format json\n"), "OK");
  later.say("status\n");
  EXPECT_TRUE(has(later.all_until_it_closes(), "\"abort_flag\": true"));
}

}  // namespace
}  // namespace assay::nccl
