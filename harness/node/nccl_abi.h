// NCCL's C ABI as far as it is used here: types, constants, prototypes. Our own declarations, so that no NCCL
// is needed to build. Layouts and values: nccl.h of NCCL 2.28.9. The client takes the functions' types from
// here (decltype) and their addresses from dlsym; the simulator's stand-in defines them.
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>

namespace assay::nccl {

/// ncclResult_t.
enum class Result : int {
  success = 0,
  unhandled_cuda_error = 1,
  system_error = 2,
  internal_error = 3,
  invalid_argument = 4,
  invalid_usage = 5,
  remote_error = 6,
  in_progress = 7,
};

/// ncclDataType_t.
enum class DataType : int { i8, u8, i32, u32, i64, u64, f16, f32, f64, bf16, e4m3, e5m2 };
inline constexpr int kDataTypes = 12;

/// ncclRedOp_t. From kBuiltinOps on: operators of a communicator's own.
enum class Op : int { sum, prod, max, min, avg };
inline constexpr int kBuiltinOps = 5;

/// ncclScalarResidence_t.
enum class ScalarResidence : int { device = 0, host_immediate = 1 };

constexpr unsigned bytes_of(DataType type) {
  switch (type) {
    case DataType::i64:
    case DataType::u64:
    case DataType::f64:
      return 8;
    case DataType::i32:
    case DataType::u32:
    case DataType::f32:
      return 4;
    case DataType::f16:
    case DataType::bf16:
      return 2;
    default:
      return 1;
  }
}

/// ncclUniqueId: by it, ranks find one another.
struct UniqueId {
  char internal[128];
};

inline constexpr unsigned kConfigMagic = 0xcafebeef;
inline constexpr int kUndefined = INT_MIN;
/// NCCL_VERSION(2, 28, 9).
inline constexpr int kVersion = 22809;

/// ncclConfig_t. What is left undefined is NCCL's to choose.
struct Config {
  std::size_t size = sizeof(Config);
  unsigned magic = kConfigMagic;
  unsigned version = kVersion;
  int blocking = kUndefined;  // 0: calls return before they are done
  int cga_cluster_size = kUndefined;
  int min_ctas = kUndefined, max_ctas = kUndefined;
  const char* net_name = nullptr;
  int split_share = kUndefined;
  int traffic_class = kUndefined;
  const char* comm_name = nullptr;
  int collnet_enable = kUndefined;
  int cta_policy = kUndefined;
  int shrink_share = kUndefined;
  int nvls_ctas = kUndefined;
  int channels_per_net_peer = kUndefined;
  int nvlink_centric_sched = kUndefined;
};
static_assert(sizeof(Config) == 80 && offsetof(Config, comm_name) == 48);

/// ncclComm_t: what it points to is the library's own business.
using Comm = struct CommObject*;
/// cudaStream_t.
using Stream = void*;

#pragma GCC visibility push(default)
extern "C" {

Result ncclGetVersion(int* version);
Result ncclGetUniqueId(UniqueId* id);
const char* ncclGetErrorString(Result result);
/// Of the process, whichever communicator is given.
const char* ncclGetLastError(Comm comm);

Result ncclCommInitRank(Comm* comm, int ranks, UniqueId id, int rank);
/// Not blocking: `comm` can be asked for its state at once, and nothing else before that is success.
Result ncclCommInitRankConfig(Comm* comm, int ranks, UniqueId id, int rank, Config* config);
/// Of what goes on by itself: initialisation, finalisation, the proxy.
Result ncclCommGetAsyncError(Comm comm, Result* error);
Result ncclCommCount(Comm comm, int* ranks);
Result ncclCommCuDevice(Comm comm, int* device);
Result ncclCommUserRank(Comm comm, int* rank);
Result ncclCommFinalize(Comm comm);
Result ncclCommDestroy(Comm comm);
/// From any thread, at any time.
Result ncclCommAbort(Comm comm);

Result ncclGroupStart();
Result ncclGroupEnd();

Result ncclRedOpCreatePreMulSum(Op* op, void* scalar, DataType type, ScalarResidence residence, Comm comm);
Result ncclRedOpDestroy(Op op, Comm comm);

// Counts are of elements: of what each rank sends in all_gather, receives in reduce_scatter, exchanges with
// each other in all_to_all, gather and scatter; else of the whole.
Result ncclAllReduce(const void* send, void* receive, std::size_t count, DataType type, Op op, Comm comm,
                     Stream stream);
Result ncclReduce(const void* send, void* receive, std::size_t count, DataType type, Op op, int root,
                  Comm comm, Stream stream);
Result ncclReduceScatter(const void* send, void* receive, std::size_t count, DataType type, Op op, Comm comm,
                         Stream stream);
Result ncclAllGather(const void* send, void* receive, std::size_t count, DataType type, Comm comm,
                     Stream stream);
Result ncclBroadcast(const void* send, void* receive, std::size_t count, DataType type, int root, Comm comm,
                     Stream stream);
Result ncclAlltoAll(const void* send, void* receive, std::size_t count, DataType type, Comm comm,
                    Stream stream);
Result ncclGather(const void* send, void* receive, std::size_t count, DataType type, int root, Comm comm,
                  Stream stream);
Result ncclScatter(const void* send, void* receive, std::size_t count, DataType type, int root, Comm comm,
                   Stream stream);
Result ncclSend(const void* send, std::size_t count, DataType type, int peer, Comm comm, Stream stream);
Result ncclRecv(void* receive, std::size_t count, DataType type, int peer, Comm comm, Stream stream);

}  // extern "C"
#pragma GCC visibility pop
}  // namespace assay::nccl
