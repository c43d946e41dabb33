// What the stand-in for NCCL answers without a GPU, each with who says that the real one does. "f.cc: g" is
// g() in src/ of NCCL 2.28.9. Where the real one is on the machine, both are asked.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <map>

#include "harness/node_real/real_backend.h"
#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace assay::nccl {
namespace {

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

}  // namespace
}  // namespace assay::nccl
