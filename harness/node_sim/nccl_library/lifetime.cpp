// Communicators: how they come to be and end (init.cc).
#include <climits>
#include <cstring>
#include <string>
#include <utility>

#include "harness/node_sim/nccl_library/group.h"
#include "harness/node_sim/nccl_library/library.h"
#include "harness/node_sim/nccl_library/objects.h"

namespace assay::nccl {
namespace {

/// parseCommConfig.
Result check_config(const Config& config) {
  if (config.magic != kConfigMagic)
    return fail(Result::invalid_argument,
                "ncclConfig_t argument not initialized via NCCL_CONFIG_INITIALIZER");
  if (config.blocking != kUndefined && config.blocking != 0 && config.blocking != 1)
    return fail(Result::invalid_argument,
                "Invalid config blocking attribute value " + std::to_string(config.blocking));
  const auto none = [](int ctas) { return ctas != kUndefined && ctas <= 0; };
  if (none(config.min_ctas) || none(config.max_ctas) || config.min_ctas > config.max_ctas)
    return fail(Result::invalid_argument, "Invalid config min/max channels attribute value " +
                                              std::to_string(config.min_ctas) + "/" +
                                              std::to_string(config.max_ctas));
  return Result::success;
}

Result begin(Comm* made, int ranks, const UniqueId& id, int rank, const Config* given) {
  cuda_emulation::Device* const device = host() == nullptr ? nullptr : host()->current_device();
  if (device == nullptr || device->fabric() == nullptr)
    return fail(Result::unhandled_cuda_error, "Cuda failure 'no CUDA-capable device is detected'");
  if (made == nullptr) return fail(Result::invalid_argument, "CommInitRank : newcomm argument is NULL");
  *made = nullptr;
  if (ranks < 1 || rank < 0 || rank >= ranks || ranks > kMostRanks)
    return fail(Result::invalid_argument,
                "Invalid rank requested : " + std::to_string(rank) + "/" + std::to_string(ranks));
  Config config;
  std::memcpy(static_cast<void*>(&config), given, std::min(sizeof(config), given->size));
  if (const Result bad = check_config(config); bad != Result::success) return bad;
  Settings settings = settings_of_environment();
  if (!settings.wrong.empty()) return fail(Result::invalid_usage, settings.wrong);
  if (!settings.unreadable.empty()) return fail(Result::system_error, settings.unreadable);
  if (!device->fabric()->heeds_settings()) allow_all(settings);
  std::uint64_t magic = 0;
  std::memcpy(&magic, id.internal, sizeof(magic));
  auto comm = std::make_unique<CommObject>();
  comm->rank =
      std::make_shared<Rank>(*device, host()->current_ordinal(), rank, ranks, magic,
                             config.blocking == kUndefined || config.blocking == 1, std::move(settings));
  comm->state = Result::in_progress;
  comm->doing = CommObject::Doing::initialising;
  *made = comm.release();
  go_on(*made);
  return Result::success;
}

/// Blocking: until it is done.
Result see_through(Comm comm) {
  if (!comm->rank->blocking()) return comm->state;
  while (comm->state == Result::in_progress && !comm->rank->aborted()) {
    if (comm->doing == CommObject::Doing::initialising) comm->rank->wait_until_ready();
    if (comm->doing == CommObject::Doing::finalizing) comm->rank->wait_until_final();
    go_on(comm);
  }
  return comm->state;
}

}  // namespace

Result check_comm(Comm comm, const char* call) {
  if (comm == nullptr) return fail(Result::invalid_argument, std::string(call) + " : comm argument is NULL");
  if (comm->magic != kCommMagic)
    return fail(Result::invalid_argument, "Error: corrupted comm object detected");
  return Result::success;
}

Result ensure_ready(Comm comm) {
  if (comm->rank->aborted()) return Result::success;
  if (comm->state == Result::in_progress)
    return fail(Result::invalid_argument,
                "Attempt to use communicator before the previous operation returned ncclSuccess");
  return comm->state;
}

void go_on(Comm comm) {
  if (comm->state != Result::in_progress) return;
  const auto doing = comm->doing;
  Result now = Result::success;
  if (doing == CommObject::Doing::initialising) now = comm->rank->initialise();
  if (doing == CommObject::Doing::finalizing) now = comm->rank->finalise();
  if (now != Result::in_progress) comm->doing = CommObject::Doing::nothing;
  comm->state = now;
}

extern "C" {

Result ncclCommInitRankConfig(Comm* comm, int ranks, UniqueId id, int rank, Config* config) {
  Config open;
  const Result begun =
      Group::mine().remember(begin(comm, ranks, id, rank, config == nullptr ? &open : config));
  return begun == Result::success ? see_through(*comm) : begun;
}

Result ncclCommInitRank(Comm* comm, int ranks, UniqueId id, int rank) {
  Config config;
  return ncclCommInitRankConfig(comm, ranks, id, rank, &config);
}

Result ncclCommGetAsyncError(Comm comm, Result* error) {
  if (const Result bad = check_comm(comm, "ncclGetAsyncError"); bad != Result::success) return bad;
  if (error == nullptr)
    return fail(Result::invalid_argument, "ncclGetAsyncError : asyncError argument is NULL");
  go_on(comm);
  *error = comm->state;
  return Result::success;
}

Result ncclCommCount(Comm comm, int* ranks) {
  if (const Result bad = check_comm(comm, "CommCount"); bad != Result::success) return bad;
  if (ranks == nullptr) return fail(Result::invalid_argument, "CommCount : count argument is NULL");
  if (const Result bad = ensure_ready(comm); bad != Result::success) return bad;
  *ranks = comm->rank->ranks();
  return Result::success;
}
Result ncclCommCuDevice(Comm comm, int* device) {
  if (const Result bad = check_comm(comm, "CommCuDevice"); bad != Result::success) return bad;
  if (device == nullptr) return fail(Result::invalid_argument, "CommCuDevice : devid argument is NULL");
  if (const Result bad = ensure_ready(comm); bad != Result::success) return bad;
  *device = comm->rank->ordinal();
  return Result::success;
}
Result ncclCommUserRank(Comm comm, int* rank) {
  if (const Result bad = check_comm(comm, "CommUserRank"); bad != Result::success) return bad;
  if (rank == nullptr) return fail(Result::invalid_argument, "CommUserRank : rank argument is NULL");
  if (const Result bad = ensure_ready(comm); bad != Result::success) return bad;
  *rank = comm->rank->rank();
  return Result::success;
}

Result ncclCommFinalize(Comm comm) {
  if (comm == nullptr) return Result::success;
  if (const Result bad = ensure_ready(comm); bad != Result::success) return bad;
  if (comm->finalize_called) {
    if (!comm->rank->blocking()) comm->state = Result::invalid_argument;
    return fail(Result::invalid_argument, "communicator was finalized before");
  }
  comm->finalize_called = true;
  comm->state = Result::in_progress;
  comm->doing = CommObject::Doing::finalizing;
  go_on(comm);
  return see_through(comm);
}

Result ncclCommDestroy(Comm comm) {
  if (comm == nullptr) return Result::success;
  if (comm->destroyed)
    return fail(Result::invalid_argument, "comm has already been destroyed");  // and memory that is gone
  if (const Result bad = ensure_ready(comm); bad != Result::success) {
    Group::mine().start();  // as there: the thread stays in a group (init.cc: ncclCommDestroy)
    return bad;
  }
  if (!comm->finalize_called) {
    comm->finalize_called = true;
    comm->state = Result::in_progress;
    comm->doing = CommObject::Doing::finalizing;
    while (comm->state == Result::in_progress && !comm->rank->aborted()) {
      comm->rank->wait_until_final();
      go_on(comm);
    }
  }
  comm->rank->leave();
  comm->destroyed = true;
  delete comm;
  return Result::success;
}

Result ncclCommAbort(Comm comm) {
  if (comm == nullptr) return Result::success;
  comm->rank->abort();
  if (hinders(comm->rank->fabric().obstacle({.function = "Abort"}))) comm->rank->hang();
  return Result::success;
}

}  // extern "C"
}  // namespace assay::nccl
