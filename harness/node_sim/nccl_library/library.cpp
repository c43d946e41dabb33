// The library itself: its version, its texts, its ids.
#include "harness/node_sim/nccl_library/library.h"

#include <arpa/inet.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <utility>

namespace assay::nccl {
namespace {

std::atomic<Host*> attached = nullptr;

/// Of the process, as the real one's.
std::mutex last_error_mutex;
std::string& last_error() {
  static std::string text;
  return text;
}

}  // namespace

Host* host() {
  return attached;
}

Result fail(Result result, std::string why) {
  const std::lock_guard guard(last_error_mutex);
  last_error() = std::move(why);
  return result;
}

bool hinders(cuda_emulation::Obstacle obstacle) {
  using cuda_emulation::Obstacle;
  return obstacle == Obstacle::never_enters || obstacle == Obstacle::hangs ||
         obstacle == Obstacle::link_fails;
}

Result planted_failure(cuda_emulation::Obstacle obstacle, const char* call) {
  switch (obstacle) {
    case cuda_emulation::Obstacle::reported_failure:
      return fail(Result::system_error, std::string(call) + " : a planted failure");
    case cuda_emulation::Obstacle::no_shared_memory:  // misc/shmutils.cc: ncclShmOpen
      return fail(
          Result::system_error,
          "Error while creating shared memory segment /dev/shm/nccl-planted (size 9637888), error: No "
          "space left on device (28)");
    default:
      return Result::success;
  }
}

extern "C" {

#pragma GCC visibility push(default)
/// Real ones have no such symbol.
int assay_simulated = 1;
#pragma GCC visibility pop

void assay_simulated_nccl_attach(Host* host) {
  attached = host;
}

Result ncclGetVersion(int* version) {
  if (version == nullptr) return Result::invalid_argument;
  *version = kVersion;
  return Result::success;
}

/// As bootstrap.h has it: a random magic, and where the root listens.
Result ncclGetUniqueId(UniqueId* id) {
  if (id == nullptr) return fail(Result::invalid_argument, "GetUniqueId : out argument is NULL");
  std::memset(id, 0, sizeof(*id));
  std::random_device random;
  const std::uint64_t magic = std::uint64_t{random()} << 32 | random();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(1024 + random() % 60000));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::memcpy(id->internal, &magic, sizeof(magic));
  std::memcpy(id->internal + sizeof(magic), &address, sizeof(address));
  return Result::success;
}

const char* ncclGetErrorString(Result result) {
  switch (result) {
    case Result::success:
      return "no error";
    case Result::unhandled_cuda_error:
      return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case Result::system_error:
      return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case Result::internal_error:
      return "internal error - please report this issue to the NCCL developers";
    case Result::invalid_argument:
      return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case Result::invalid_usage:
      return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case Result::remote_error:
      return "remote process exited or there was a network error";
    case Result::in_progress:
      return "NCCL operation in progress";
  }
  return "unknown result code";
}

const char* ncclGetLastError(Comm) {
  static thread_local std::string mine;
  const std::lock_guard guard(last_error_mutex);
  mine = last_error();
  return mine.c_str();
}

}  // extern "C"
}  // namespace assay::nccl
