// The collectives, sends and receives: what they refuse, and how they come into a group.
#include <atomic>
#include <cstring>
#include <string>

#include "harness/node_sim/nccl_library/group.h"
#include "harness/node_sim/nccl_library/library.h"

namespace assay::nccl {
namespace {

/// argcheck.cc: nothing else is looked at: not the pointers, not whether ranks agree.
Result check_arguments(const char* call, Comm comm, DataType type, Op op, int root) {
  const int ranks = comm->rank->ranks();
  const std::string name = call;
  if (root < 0 || root >= ranks)
    return fail(Result::invalid_argument, name + " : invalid root " + std::to_string(root) +
                                              " (root should be in the 0.." + std::to_string(ranks) +
                                              " range)");
  if (static_cast<int>(type) < 0 || static_cast<int>(type) >= kDataTypes)
    return fail(Result::invalid_argument, name + " : invalid type " + std::to_string(static_cast<int>(type)));
  const int number = static_cast<int>(op);
  if (number < 0)
    return fail(Result::invalid_argument, name + " : invalid reduction operation " + std::to_string(number));
  if (number < kBuiltinOps) return Result::success;
  if (comm->operators.count(number) == 0)
    return fail(Result::invalid_argument,
                name + " : reduction operation " + std::to_string(number) + " unknown to this communicator");
  return Result::success;
}

Reduction reduction_for(Comm comm, Op op, DataType type) {
  const int number = static_cast<int>(op);
  if (number < kBuiltinOps) return reduction_of(op, type, comm->rank->ranks());
  const PreMulSum& own = comm->operators.at(number);
  std::uint64_t scalar = own.scalar;
  if (own.residence == ScalarResidence::device)
    scalar = load_element(type, reinterpret_cast<const void*>(own.scalar), 0);
  return {.op = Op::sum, .scales = true, .scalar = scalar};
}

/// A single rank: a copy, scaled where the operator scales, which it does not know of fp8 (onerank.cu).
Result refuses_one_rank(Comm comm, DataType type, const Reduction& reduction) {
  const bool fp8 = type == DataType::e4m3 || type == DataType::e5m2;
  if (comm->rank->ranks() > 1 || !reduction.scales || !fp8) return Result::success;
  return fail(Result::invalid_argument, "one rank cannot scale this datatype");
}

struct Call {
  const char* name;
  Function function;
  DataType type;
  Op op = Op::sum;
  int root = 0;
};

/// Calls append() once the call is accepted. Outside a group it is a group of its own.
template <typename Append>
Result enqueue(const Call& call, Comm comm, const Append& append) {
  Group& group = Group::mine();
  if (const Result bad = check_comm(comm, call.name); bad != Result::success) return group.remember(bad);
  group.start();
  Result result = ensure_ready(comm);
  if (result == Result::success) result = check_arguments(call.name, comm, call.type, call.op, call.root);
  if (result == Result::success && comm->rank != nullptr)
    result = planted_failure(comm->rank->fabric().obstacle({.function = call.name}), call.name);
  if (result == Result::success) result = append(group);
  if (result != Result::success && !comm->rank->blocking()) comm->state = result;
  group.remember(result);
  const Result ended = group.end();
  return result != Result::success ? result : ended;
}

Result collective(const Call& call, const void* send, void* receive, std::size_t count, Comm comm,
                  Stream stream) {
  return enqueue(call, comm, [&](Group& group) {
    if (count == 0) return Result::success;
    const auto own = comm->operators.find(static_cast<int>(call.op));
    if (own != comm->operators.end() && own->second.type != call.type)
      return fail(
          Result::invalid_argument,
          "Data type supplied to user-created ncclRedOp_t does not match type given to reduction operation");
    const Reduction reduction = reduction_for(comm, call.op, call.type);
    if (const Result bad = refuses_one_rank(comm, call.type, reduction); bad != Result::success) return bad;
    group.add({comm, stream, call.function, call.type, reduction, call.root, count, send, receive});
    return Result::success;
  });
}

char* part(void* of, int number, std::size_t count, DataType type) {
  return static_cast<char*>(of) + static_cast<std::size_t>(number) * count * bytes_of(type);
}
const char* part(const void* of, int number, std::size_t count, DataType type) {
  return static_cast<const char*>(of) + static_cast<std::size_t>(number) * count * bytes_of(type);
}

/// An exchange with a peer: one of the pointers is null.
Task exchange(Comm comm, Stream stream, DataType type, int peer, std::size_t count, const void* send,
              void* receive) {
  return {comm, stream, Function::send_receive, type, {}, peer, count, send, receive};
}

}  // namespace

extern "C" {

Result ncclGroupStart() {
  Group::mine().start();
  return Result::success;
}
Result ncclGroupEnd() {
  return Group::mine().end();
}

Result ncclAllReduce(const void* send, void* receive, std::size_t count, DataType type, Op op, Comm comm,
                     Stream stream) {
  return collective({"AllReduce", Function::all_reduce, type, op}, send, receive, count, comm, stream);
}
Result ncclReduce(const void* send, void* receive, std::size_t count, DataType type, Op op, int root,
                  Comm comm, Stream stream) {
  return collective({"Reduce", Function::reduce, type, op, root}, send, receive, count, comm, stream);
}
Result ncclReduceScatter(const void* send, void* receive, std::size_t count, DataType type, Op op, Comm comm,
                         Stream stream) {
  return collective({"ReduceScatter", Function::reduce_scatter, type, op}, send, receive, count, comm,
                    stream);
}
Result ncclAllGather(const void* send, void* receive, std::size_t count, DataType type, Comm comm,
                     Stream stream) {
  return collective({"AllGather", Function::all_gather, type}, send, receive, count, comm, stream);
}
Result ncclBroadcast(const void* send, void* receive, std::size_t count, DataType type, int root, Comm comm,
                     Stream stream) {
  return collective({"Broadcast", Function::broadcast, type, Op::sum, root}, send, receive, count, comm,
                    stream);
}

// These are sends and receives to NCCL.
Result ncclAlltoAll(const void* send, void* receive, std::size_t count, DataType type, Comm comm,
                    Stream stream) {
  return enqueue({"AlltoAll", Function::send_receive, type}, comm, [&](Group& group) {
    for (int peer = 0; count > 0 && peer < comm->rank->ranks(); ++peer) {
      group.add(exchange(comm, stream, type, peer, count, part(send, peer, count, type), nullptr));
      group.add(exchange(comm, stream, type, peer, count, nullptr, part(receive, peer, count, type)));
    }
    return Result::success;
  });
}
Result ncclGather(const void* send, void* receive, std::size_t count, DataType type, int root, Comm comm,
                  Stream stream) {
  return enqueue({"Gather", Function::send_receive, type, Op::sum, root}, comm, [&](Group& group) {
    if (count == 0) return Result::success;
    group.add(exchange(comm, stream, type, root, count, send, nullptr));
    for (int peer = 0; comm->rank->rank() == root && peer < comm->rank->ranks(); ++peer)
      group.add(exchange(comm, stream, type, peer, count, nullptr, part(receive, peer, count, type)));
    return Result::success;
  });
}
Result ncclScatter(const void* send, void* receive, std::size_t count, DataType type, int root, Comm comm,
                   Stream stream) {
  return enqueue({"Scatter", Function::send_receive, type, Op::sum, root}, comm, [&](Group& group) {
    if (count == 0) return Result::success;
    group.add(exchange(comm, stream, type, root, count, nullptr, receive));
    for (int peer = 0; comm->rank->rank() == root && peer < comm->rank->ranks(); ++peer)
      group.add(exchange(comm, stream, type, peer, count, part(send, peer, count, type), nullptr));
    return Result::success;
  });
}
Result ncclSend(const void* send, std::size_t count, DataType type, int peer, Comm comm, Stream stream) {
  return enqueue({"Send", Function::send_receive, type, Op::sum, peer}, comm, [&](Group& group) {
    group.add(exchange(comm, stream, type, peer, count, send, nullptr));
    return Result::success;
  });
}
Result ncclRecv(void* receive, std::size_t count, DataType type, int peer, Comm comm, Stream stream) {
  return enqueue({"Recv", Function::send_receive, type, Op::sum, peer}, comm, [&](Group& group) {
    group.add(exchange(comm, stream, type, peer, count, nullptr, receive));
    return Result::success;
  });
}

Result ncclRedOpCreatePreMulSum(Op* op, void* scalar, DataType type, ScalarResidence residence, Comm comm) {
  if (const Result bad = check_comm(comm, "ncclRedOpCreatePreMulSum"); bad != Result::success) return bad;
  if (const Result bad = ensure_ready(comm); bad != Result::success) return bad;
  PreMulSum made{type, residence, reinterpret_cast<std::uint64_t>(scalar)};
  if (residence == ScalarResidence::host_immediate) {
    made.scalar = 0;
    std::memcpy(&made.scalar, scalar, bytes_of(type));
  }
  // No other communicator's (comm.h: ncclUserRedOpMangle).
  static std::atomic<int> next = 1 << 20;
  const int handle = next++;
  comm->operators[handle] = made;
  *op = static_cast<Op>(handle);
  return Result::success;
}

Result ncclRedOpDestroy(Op op, Comm comm) {
  const int number = static_cast<int>(op);
  if (number >= 0 && number < kBuiltinOps)
    return fail(Result::invalid_argument, "ncclRedOpDestroy : operator is a NCCL builtin.");
  if (number < 0) return fail(Result::invalid_argument, "ncclRedOpDestroy :  operator is garbage.");
  if (comm == nullptr)
    return fail(Result::invalid_argument, "ncclRedOpDestroy : invalid communicator passed.");
  if (comm->operators.erase(number) == 0)
    return fail(Result::invalid_argument, "ncclRedOpDestroy : operator unknown to this communicator.");
  return Result::success;
}

}  // extern "C"
}  // namespace assay::nccl
