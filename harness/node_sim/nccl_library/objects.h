// What NCCL's opaque handle points to here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "harness/node_sim/nccl_library/communicator.h"

namespace assay::nccl {

struct PreMulSum {
  DataType type;
  ScalarResidence residence;
  std::uint64_t scalar;  // bits, or where they are on the device
};

inline constexpr std::uint64_t kCommMagic = 0x0280028002800280;

struct CommObject {
  std::uint64_t magic = kCommMagic;
  std::shared_ptr<Rank> rank;
  /// What ncclCommGetAsyncError() says; in_progress until what was asked for last is done.
  std::atomic<Result> state = Result::success;
  enum class Doing { nothing, initialising, finalizing } doing = Doing::nothing;
  bool finalize_called = false, destroyed = false;
  std::map<int, PreMulSum> operators;  // by handle
};

/// Whether it is a communicator, and one that can be used now. `call` begins the text of the last error.
Result check_comm(Comm comm, const char* call);
Result ensure_ready(Comm comm);
/// Lets initialisation and finalisation go on.
void go_on(Comm comm);

}  // namespace assay::nccl
