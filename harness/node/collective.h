// What ranks do together, whoever does it: which collective, of what, and how many elements that is for each.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/node/nccl_abi.h"

namespace assay::nccl {

enum class Collective {
  all_reduce,
  reduce,
  reduce_scatter,
  all_gather,
  broadcast,
  all_to_all,
  gather,
  scatter,
  send_receive,  // to a rank further on, from one as far back
};
inline constexpr int kCollectives = 9;

constexpr std::string_view name_of(Collective collective) {
  constexpr std::string_view kNames[] = {"all_reduce", "reduce", "reduce_scatter", "all_gather",  "broadcast",
                                         "all_to_all", "gather", "scatter",        "send_receive"};
  return kNames[static_cast<int>(collective)];
}
/// "bf16".
constexpr std::string_view name_of(DataType type) {
  constexpr std::string_view kNames[] = {"i8",  "u8",  "i32", "u32",  "i64",  "u64",
                                         "f16", "f32", "f64", "bf16", "e4m3", "e5m2"};
  return kNames[static_cast<int>(type)];
}
constexpr std::string_view name_of(Op op) {
  constexpr std::string_view kNames[] = {"sum", "prod", "max", "min", "avg"};
  return kNames[static_cast<int>(op)];
}

/// It computes; the others carry bytes.
constexpr bool reduces(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce ||
         collective == Collective::reduce_scatter;
}
/// One rank has another part in it than the rest.
constexpr bool has_root(Collective collective) {
  return collective == Collective::reduce || collective == Collective::broadcast ||
         collective == Collective::gather || collective == Collective::scatter;
}
/// Sends and receives may share a buffer, where they lie in it as NCCL's user guide says ("In-place
/// operations").
constexpr bool can_be_in_place(Collective collective) {
  return collective != Collective::all_to_all && collective != Collective::send_receive;
}

struct Request {
  Collective collective = Collective::all_reduce;
  DataType type = DataType::f32;
  Op op = Op::sum;
  std::uint64_t count = 0;  // elements, as NCCL counts them for this collective (nccl_abi.h)
  int root = 0;
  int distance = 1;  // of send_receive: how many ranks on, round the end; at least 1, less than there are
};

/// Of send_receive.
constexpr int receiver_of(const Request& request, int rank, int ranks) {
  return (rank + request.distance) % ranks;
}
constexpr int sender_to(const Request& request, int rank, int ranks) {
  return (rank + ranks - request.distance % ranks) % ranks;
}

/// Elements that a rank's buffers hold for it; 0: it has none.
constexpr std::uint64_t sent_by(const Request& request, int rank, int ranks) {
  const auto all = static_cast<std::uint64_t>(ranks) * request.count;
  switch (request.collective) {
    case Collective::reduce_scatter:
    case Collective::all_to_all:
      return all;
    case Collective::scatter:
      return rank == request.root ? all : 0;
    case Collective::broadcast:
      return rank == request.root ? request.count : 0;
    default:
      return request.count;
  }
}
constexpr std::uint64_t received_by(const Request& request, int rank, int ranks) {
  const auto all = static_cast<std::uint64_t>(ranks) * request.count;
  switch (request.collective) {
    case Collective::all_gather:
    case Collective::all_to_all:
      return all;
    case Collective::gather:
      return rank == request.root ? all : 0;
    case Collective::reduce:
      return rank == request.root ? request.count : 0;
    default:
      return request.count;
  }
}

/// Where the sent elements begin in the receive buffer, in elements, when it is done in place; where the
/// received ones begin in the send buffer, for those collectives whose send buffer is the larger.
constexpr std::uint64_t place_in_the_larger(const Request& request, int rank) {
  switch (request.collective) {
    case Collective::all_gather:
    case Collective::reduce_scatter:
      return static_cast<std::uint64_t>(rank) * request.count;
    case Collective::gather:
    case Collective::scatter:
      return static_cast<std::uint64_t>(request.root) * request.count;
    default:
      return 0;
  }
}

}  // namespace assay::nccl
