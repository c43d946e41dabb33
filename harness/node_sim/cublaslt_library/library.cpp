// The library itself: its version, its texts, its handles.
#include "harness/node_sim/cublaslt_library/library.h"

#include <atomic>

#include "harness/node_sim/cublaslt_library/objects.h"

namespace assay::cublaslt {
namespace {

std::atomic<Host*> attached = nullptr;
constexpr std::size_t kVersion = 130100;  // cuBLAS 13.1.0, whose documentation this follows

}  // namespace

Host* host() {
  return attached;
}

extern "C" {

#pragma GCC visibility push(default)
/// Real ones have no such symbol.
int assay_simulated = 1;
#pragma GCC visibility pop

void assay_simulated_attach(Host* host) {
  attached = host;
}

std::size_t cublasLtGetVersion() {
  return kVersion;
}

const char* cublasLtGetStatusString(Status status) {
  switch (status) {
    case Status::success:
      return "success";
    case Status::not_initialized:
      return "the library was not initialized";
    case Status::alloc_failed:
      return "the resource allocation failed";
    case Status::invalid_value:
      return "an invalid value was used as a parameter";
    case Status::arch_mismatch:
      return "a feature is absent from the device's architecture";
    case Status::execution_failed:
      return "the program failed to execute";
    case Status::not_supported:
      return "the functionality requested is not supported";
    default:
      return "unknown";
  }
}

Status cublasLtCreate(Handle* handle) {
  if (handle == nullptr) return Status::invalid_value;
  *handle = nullptr;
  const void* const device = host() == nullptr ? nullptr : host()->current_device();
  if (device == nullptr) return Status::not_initialized;
  *handle = new HandleObject{device};
  return Status::success;
}

Status cublasLtDestroy(Handle handle) {
  if (handle == nullptr) return Status::not_initialized;
  delete handle;
  return Status::success;
}

}  // extern "C"
}  // namespace assay::cublaslt
