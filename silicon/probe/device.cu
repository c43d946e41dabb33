#include <algorithm>
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

/// Gives back each number that the host writes, until the last.
__global__ void answer(volatile unsigned* flags, int where, unsigned last) {
  for (unsigned seen = 0; seen < last;) {
    const unsigned now = flags[0];
    if (now == seen) continue;
    seen = now;
    flags[where] = seen;
    __threadfence_system();
  }
}

void both_ways(void* host, void* device, std::size_t bytes) {
  cudaStream_t up{}, down{};
  cuda::check(cudaStreamCreateWithFlags(&up, cudaStreamNonBlocking), "stream");
  cuda::check(cudaStreamCreateWithFlags(&down, cudaStreamNonBlocking), "stream");
  std::vector<double> rates;
  for (int i = 0; i < 9; ++i) {
    const double start = now_s();
    cuda::check(cudaMemcpyAsync(device, host, bytes / 2, cudaMemcpyHostToDevice, up), "copy");
    cuda::check(cudaMemcpyAsync(static_cast<char*>(host) + bytes / 2, static_cast<char*>(device) + bytes / 2,
                                bytes / 2, cudaMemcpyDeviceToHost, down),
                "copy");
    cuda::check(cudaStreamSynchronize(up), "copy");
    cuda::check(cudaStreamSynchronize(down), "copy");
    if (i > 0) rates.push_back(static_cast<double>(bytes) / (now_s() - start) / 1e9);
  }
  say({{"direction", "both at once"}, {"bytes", bytes}, {"gb_per_s", spread(rates)}});
  cudaStreamDestroy(up);
  cudaStreamDestroy(down);
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
  both_ways(host, device, kBytes);
  cudaFree(device);
  cudaFreeHost(host);
}

void round_trips(const Arguments&) {
  const auto gpu = first_gpu();
  volatile unsigned* flags = nullptr;
  cuda::check(cudaHostAlloc(const_cast<unsigned**>(&flags), 2 * 128, cudaHostAllocMapped), "mapped memory");
  constexpr unsigned kTrips = 20000;
  constexpr int kAnswer = 128 / sizeof(unsigned);  // on a line of its own
  flags[0] = 0;
  flags[kAnswer] = 0;
  void* on_device = nullptr;
  cuda::check(cudaHostGetDevicePointer(&on_device, const_cast<unsigned*>(flags), 0), "mapped memory");
  answer<<<1, 1>>>(static_cast<volatile unsigned*>(on_device), kAnswer, kTrips);
  cuda::check(cudaGetLastError(), "launch");
  std::vector<double> microseconds;
  for (unsigned trip = 1; trip <= kTrips; ++trip) {
    const double start = now_s();
    flags[0] = trip;
    while (flags[kAnswer] != trip) {
    }
    microseconds.push_back((now_s() - start) * 1e6);
  }
  cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "answer");
  nlohmann::json percentiles;
  std::sort(microseconds.begin(), microseconds.end());
  for (const double p : {0.0, 0.5, 0.9, 0.99, 0.999, 1.0})
    percentiles[std::to_string(p)] = microseconds[static_cast<std::size_t>(p * (kTrips - 1))];
  say({{"round_trip_us", percentiles}, {"trips", kTrips}});
  cudaFreeHost(const_cast<unsigned*>(flags));
}

}  // namespace assay::silicon
