#include <vector>

#include "kernels/cuda_support.h"
#include "kernels/memory_region.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {
namespace {

__global__ void nothing() {}

/// One launch after the other, each waited for: what a launch costs.
nlohmann::json launch_microseconds() {
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) {
    const double start = now_s();
    nothing<<<1, 1>>>();
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "launch");
    times.push_back((now_s() - start) * 1e6);
  }
  return spread(times);
}

}  // namespace

void device(const Arguments&) {
  double start = now_s();
  cuda::check(cudaFree(nullptr), "context");
  const double context_s = now_s() - start;
  start = now_s();
  nothing<<<1, 1>>>();
  cuda::check(cudaDeviceSynchronize(), "first launch");
  const double first_launch_s = now_s() - start;
  int driver = 0, runtime = 0;
  cuda::check(cudaDriverGetVersion(&driver), "driver version");
  cuda::check(cudaRuntimeGetVersion(&runtime), "runtime version");
  cudaDeviceProp p{};
  cuda::check(cudaGetDeviceProperties(&p, 0), "properties");
  const auto gpu = first_gpu();
  const DeviceMemory memory = gpu->memory();
  nlohmann::json attributes;
  const std::vector<std::pair<const char*, cudaDeviceAttr>> wanted{
      {"clock_khz", cudaDevAttrClockRate},
      {"memory_clock_khz", cudaDevAttrMemoryClockRate},
      {"bus_bits", cudaDevAttrGlobalMemoryBusWidth},
      {"copy_engines", cudaDevAttrAsyncEngineCount},
      {"host_native_atomics", cudaDevAttrHostNativeAtomicSupported},
      {"kernel_timeout", cudaDevAttrKernelExecTimeout},
      {"shared_memory_per_block_optin", cudaDevAttrMaxSharedMemoryPerBlockOptin},
  };
  for (const auto& [name, attribute] : wanted) {
    int value = 0;
    if (cudaDeviceGetAttribute(&value, attribute, 0) == cudaSuccess) attributes[name] = value;
  }
  cudaGetLastError();
  say({{"name", p.name},
       {"address", first_gpu_address()},
       {"compute_capability", std::to_string(p.major) + "." + std::to_string(p.minor)},
       {"multiprocessors", p.multiProcessorCount},
       {"l2_bytes", p.l2CacheSize},
       {"persisting_l2_bytes", p.persistingL2CacheMaxSize},
       {"total_bytes", memory.total_bytes},
       {"free_bytes", memory.free_bytes},
       {"ecc", p.ECCEnabled},
       {"driver", driver},
       {"runtime", runtime},
       {"attributes", attributes},
       {"context_s", context_s},
       {"first_launch_s", first_launch_s},
       {"launch_us", launch_microseconds()}});
}

void region(const Arguments&) {
  const auto gpu = first_gpu();
  const DeviceMemory before = gpu->memory();
  for (const std::uint64_t reserve_mib : {0, 16, 64, 256}) {
    nlohmann::json sizes = nlohmann::json::array();
    double start = now_s();
    std::string refused;
    {
      std::vector<std::unique_ptr<DeviceBuffer>> buffers;
      try {
        buffers = memory::allocate_region(*gpu, reserve_mib << 20);
      } catch (const DeviceError& error) {
        refused = error.what();
      }
      const double allocate_s = now_s() - start;
      std::uint64_t total = 0;
      for (const auto& buffer : buffers) {
        sizes.push_back(buffer->bytes());
        total += buffer->bytes();
      }
      const std::uint64_t left = gpu->memory().free_bytes;
      start = now_s();
      buffers.clear();
      say({{"reserve_mib", reserve_mib},
           {"free_before", before.free_bytes},
           {"buffers", sizes},
           {"bytes", total},
           {"coverage", static_cast<double>(total) / static_cast<double>(before.total_bytes)},
           {"free_left", left},
           {"refused", refused},
           {"allocate_s", allocate_s},
           {"free_s", now_s() - start}});
    }
  }
  // The largest single allocation, to 2 MiB.
  std::uint64_t fits = 0, refused = before.free_bytes + (2ULL << 20);
  while (refused - fits > 2ULL << 20) {
    const std::uint64_t middle = (fits + (refused - fits) / 2) >> 21 << 21;
    void* pointer = nullptr;
    if (cudaMalloc(&pointer, middle) == cudaSuccess) {
      cudaFree(pointer);
      fits = middle;
    } else {
      cudaGetLastError();
      refused = middle;
    }
    if (middle == fits && refused - fits <= 2ULL << 20) break;
  }
  say({{"free_bytes", before.free_bytes}, {"largest_allocation", fits}});
}

void transfers(const Arguments&) {
  constexpr std::size_t kBytes = 1ULL << 30;
  const auto gpu = first_gpu();
  void *host = nullptr, *device = nullptr;
  double start = now_s();
  cuda::check(cudaMallocHost(&host, kBytes), "pinned memory");
  const double pin_s = now_s() - start;
  cuda::check(cudaMalloc(&device, kBytes), "allocate");
  cuda::Stopwatch watch;
  for (const bool up : {true, false}) {
    for (const std::size_t bytes : {std::size_t{64}, std::size_t{1} << 20, std::size_t{16} << 20, kBytes}) {
      std::vector<double> rates, times;
      const int repetitions = bytes == kBytes ? 8 : 40;
      for (int i = 0; i < repetitions; ++i) {
        watch.start();
        cuda::check(up ? cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, cudaStreamPerThread)
                       : cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, cudaStreamPerThread),
                    "copy");
        const double seconds = watch.stop();
        times.push_back(seconds * 1e6);
        rates.push_back(static_cast<double>(bytes) / seconds / 1e9);
      }
      say({{"direction", up ? "host to device" : "device to host"},
           {"bytes", bytes},
           {"gb_per_s", spread(rates)},
           {"us", spread(times)},
           {"pin_s", pin_s}});
    }
  }
  cudaFree(device);
  cudaFreeHost(host);
}

}  // namespace assay::silicon
