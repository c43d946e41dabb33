#include <functional>
#include <map>

#include "kernels/cuda_support.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {
namespace {

__global__ void write_to(unsigned* address) {
  *address = 1;
}
__global__ void trap() {
  __trap();
}
__global__ void endless(volatile unsigned* flag) {
  while (*flag != 1) {
  }
}
__device__ int deep(int n, volatile int* out) {
  volatile int room[256];
  room[n % 256] = n;
  return n == 0 ? room[0] : deep(n - 1, out) + room[n % 256] + *out;
}
__global__ void overflow_stack(volatile int* out, int depth) {
  *out = deep(depth, out);
}
__global__ void jump(unsigned long long address) {
  reinterpret_cast<void (*)()>(address)();
}
__global__ void shared_out_of_range(unsigned offset) {
  extern __shared__ unsigned room[];
  room[offset] = 1;
}

}  // namespace

/// A kernel that never ends, until the process is killed.
void hang(const Arguments&) {
  const auto gpu = first_gpu();
  const auto buffer = gpu->allocate(2 << 20);
  cuda::check(cudaMemset(buffer->device_pointer(), 0, 4), "clear");
  endless<<<132, 256>>>(static_cast<unsigned*>(buffer->device_pointer()));
  cuda::check(cudaGetLastError(), "launch");
  say("hangs");
  cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "wait");
}

/// What each misbehaviour is called by the runtime at synchronisation, by the next call, and by a free.
void kernel_error(const Arguments& arguments) {
  const std::string kind = arguments.empty() ? "" : arguments[0];
  const auto gpu = first_gpu();
  const auto buffer = gpu->allocate(2 << 20);
  auto* const base = static_cast<unsigned*>(buffer->device_pointer());
  cudaStream_t stream = cudaStreamPerThread;
  const std::map<std::string, std::function<void()>> kinds{
      {"none", [&] { write_to<<<1, 1>>>(base); }},
      {"illegal_address", [&] { write_to<<<1, 1>>>(base + (1ULL << 40)); }},
      {"null", [&] { write_to<<<1, 1>>>(nullptr); }},
      {"just_behind", [&] { write_to<<<1, 1>>>(base + (2 << 20) / 4); }},
      {"misaligned",
       [&] { write_to<<<1, 1>>>(reinterpret_cast<unsigned*>(reinterpret_cast<char*>(base) + 1)); }},
      {"trap", [&] { trap<<<1, 1>>>(); }},
      {"stack_overflow", [&] { overflow_stack<<<1, 1>>>(reinterpret_cast<volatile int*>(base), 1 << 20); }},
      {"invalid_pc", [&] { jump<<<1, 1>>>(0x10); }},
      {"shared_out_of_range", [&] { shared_out_of_range<<<1, 32, 1024>>>(1 << 22); }},
      {"too_many_threads", [&] { write_to<<<1, 2048>>>(base); }},
      {"too_much_memory",
       [&] {
         void* pointer = nullptr;
         cudaMalloc(&pointer, 1ULL << 42);
       }},
      {"free_twice", [&] { cudaFree(base + 1); }},
  };
  const auto found = kinds.find(kind);
  if (found == kinds.end()) {
    for (const auto& [name, launch] : kinds) say(name);
    return;
  }
  const double start = now_s();
  found->second();
  const cudaError_t at_launch = cudaGetLastError();
  const cudaError_t at_wait = cudaStreamSynchronize(stream);
  const double seconds = now_s() - start;
  const cudaError_t next = cudaStreamSynchronize(stream);
  void* pointer = nullptr;
  const cudaError_t allocate = cudaMalloc(&pointer, 1 << 20);
  std::string code = "-";
  try {
    cuda::check(at_wait != cudaSuccess ? at_wait : at_launch, "kernel");
  } catch (const DeviceError& error) {
    code = error.code();
  }
  const auto word = [](cudaError_t error) { return std::to_string(error) + " " + cudaGetErrorName(error); };
  say({{"kind", kind},
       {"at_launch", word(at_launch)},
       {"at_wait", word(at_wait)},
       {"seconds", seconds},
       {"next_call", word(next)},
       {"then_allocate", word(allocate)},
       {"code", code}});
}

}  // namespace assay::silicon
