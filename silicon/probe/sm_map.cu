// Where blocks and warps run, what the SMs share, and how fast the second-level cache serves them.
#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "kernels/cuda_support.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {
namespace {

__device__ unsigned sm_id() {
  unsigned id = 0;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(id));
  return id;
}

struct Place {
  unsigned sm_at_start, sm_at_end;
};

__global__ void where(Place* places, long long wait_cycles) {
  if (threadIdx.x != 0) return;
  const unsigned start = sm_id();
  const long long begin = clock64();
  while (clock64() - begin < wait_cycles) {
  }
  places[blockIdx.x] = {start, sm_id()};
}

std::vector<Place> launch_where(unsigned blocks, unsigned of_cluster, int shared_bytes, bool cooperative) {
  Place* places = nullptr;
  cuda::check(cudaMalloc(&places, blocks * sizeof(Place)), "allocate");
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = 128;
  config.dynamicSmemBytes = static_cast<std::size_t>(shared_bytes);
  config.stream = cudaStreamPerThread;
  cudaLaunchAttribute attribute{};
  attribute.id = cooperative ? cudaLaunchAttributeCooperative : cudaLaunchAttributeClusterDimension;
  if (cooperative) {
    attribute.val.cooperative = 1;
  } else {
    attribute.val.clusterDim.x = of_cluster;
    attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  }
  config.attrs = &attribute;
  config.numAttrs = 1;
  cuda::check(cudaFuncSetAttribute(where, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes),
              "shared memory");
  cuda::check(cudaFuncSetAttribute(where, cudaFuncAttributeNonPortableClusterSizeAllowed, 1), "cluster size");
  cuda::check(cudaLaunchKernelEx(&config, where, places, 20000LL), "launch");
  std::vector<Place> result(blocks);
  cuda::check(cudaMemcpy(result.data(), places, blocks * sizeof(Place), cudaMemcpyDeviceToHost), "download");
  cuda::check(cudaFree(places), "free");
  return result;
}

/// The SMs that were ever in one cluster, put together.
nlohmann::json groups_of_clusters(unsigned blocks, unsigned of_cluster) {
  std::map<unsigned, unsigned> parent;
  const std::function<unsigned(unsigned)> root = [&](unsigned sm) {
    const auto found = parent.emplace(sm, sm).first;
    return found->second == sm ? sm : found->second = root(found->second);
  };
  std::set<unsigned> used;
  for (int round = 0; round < 40; ++round) {
    const auto places = launch_where(blocks / of_cluster * of_cluster, of_cluster, 120 << 10, false);
    for (std::size_t i = 0; i < places.size(); ++i) {
      used.insert(places[i].sm_at_start);
      parent[root(places[i].sm_at_start)] = root(places[i - i % of_cluster].sm_at_start);
    }
  }
  std::map<unsigned, std::vector<unsigned>> groups;
  for (const unsigned sm : used) groups[root(sm)].push_back(sm);
  nlohmann::json result = nlohmann::json::array();
  for (const auto& [first, sms] : groups) result.push_back(sms);
  return result;
}

/// Two warps of a block work, the others end at once.
__global__ void two_warps(int other, long long* cycles, unsigned* warp_ids, float* sink) {
  const int warp = static_cast<int>(threadIdx.x) / 32;
  if (threadIdx.x % 32 == 0) {
    unsigned id = 0;
    asm volatile("mov.u32 %0, %%warpid;" : "=r"(id));
    warp_ids[warp] = id;
  }
  __syncthreads();
  if (warp != 0 && warp != other) return;
  float x[8];
  for (int i = 0; i < 8; ++i) x[i] = static_cast<float>(threadIdx.x + static_cast<unsigned>(i));
  const long long start = clock64();
  for (int repetition = 0; repetition < 512; ++repetition) {
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = fmaf(x[i], 0.999f, 0.5f);
  }
  const long long end = clock64();
  float sum = 0;
  for (const float value : x) sum += value;
  if (sum == 12345.f) *sink = sum;
  if (threadIdx.x == 0) *cycles = end - start;
}

void sub_partitions() {
  cuda::Resident<long long> cycles;
  cuda::Resident<float> sink;
  unsigned* ids = nullptr;
  cuda::check(cudaMalloc(&ids, 16 * sizeof(unsigned)), "allocate");
  nlohmann::json clocks = nlohmann::json::array();
  unsigned warp_ids[16] = {};
  for (int other = 0; other < 16; ++other) {
    for (int i = 0; i < 2; ++i) two_warps<<<1, 512>>>(other, cycles.get(), ids, sink.get());
    cuda::check(cudaGetLastError(), "launch");
    clocks.push_back(static_cast<double>(cycles.download()) / (512 * 8));
    cuda::check(cudaMemcpy(warp_ids, ids, sizeof(warp_ids), cudaMemcpyDeviceToHost), "download");
  }
  cuda::check(cudaFree(ids), "free");
  say({{"clocks_an_fma_of_warp_0_beside_warp", clocks}, {"warp_ids", warp_ids}});
}

__global__ void read_again_and_again(const ulonglong2* data, std::uint64_t words, int times,
                                     unsigned long long* sink) {
  unsigned long long sum = 0;
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * blockDim.x;
  for (int t = 0; t < times; ++t) {
    std::uint64_t i = static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    for (; i + 3 * stride < words; i += 4 * stride) {
      const ulonglong2 a = __ldcg(data + i), b = __ldcg(data + i + stride), c = __ldcg(data + i + 2 * stride),
                       d = __ldcg(data + i + 3 * stride);
      sum += a.x ^ b.y ^ c.x ^ d.y;
    }
    for (; i < words; i += stride) sum += __ldcg(data + i).x;
  }
  atomicXor(sink, sum);
}

void cache_rates(Gpu& gpu) {
  const auto buffer = gpu.allocate(256ULL << 20);
  auto* const data = static_cast<ulonglong2*>(buffer->device_pointer());
  cuda::check(cudaMemset(data, 1, buffer->bytes()), "fill");
  cuda::Resident<unsigned long long> sink;
  cuda::Stopwatch watch;
  const auto blocks = static_cast<unsigned>(gpu.multiprocessors() * 8);
  for (const std::uint64_t mib : {4, 8, 16, 24, 28, 32, 40, 48, 50, 52, 54, 56, 58, 60, 72, 96, 256}) {
    const std::uint64_t words = (mib << 20) / sizeof(ulonglong2);
    const int times = static_cast<int>(4096 / mib);
    std::vector<double> rates;
    for (int i = 0; i < 6; ++i) {
      watch.start();
      read_again_and_again<<<blocks, 256>>>(data, words, times, sink.get());
      cuda::check(cudaGetLastError(), "launch");
      const double seconds = watch.stop();
      if (i > 0) rates.push_back(static_cast<double>(mib << 20) * times / seconds / 1e9);
    }
    say({{"working_set_mib", mib}, {"read_gb_per_s", spread(rates)}});
  }
}

}  // namespace

void sm_map(const Arguments&) {
  const auto gpu = first_gpu();
  const auto sms = static_cast<unsigned>(gpu->multiprocessors());
  for (const bool cooperative : {true, false}) {
    int all_distinct = 0, moved = 0;
    unsigned greatest = 0;
    constexpr int kRounds = 50;
    for (int round = 0; round < kRounds; ++round) {
      std::set<unsigned> seen;
      for (const Place& place : launch_where(sms, 1, 120 << 10, cooperative)) {
        seen.insert(place.sm_at_start);
        moved += place.sm_at_start != place.sm_at_end;
        greatest = std::max(greatest, place.sm_at_start);
      }
      all_distinct += seen.size() == sms;
    }
    say({{"one_block_an_sm", cooperative ? "cooperative" : "plain"},
         {"rounds", kRounds},
         {"all_sms_once", all_distinct},
         {"blocks_that_moved", moved},
         {"greatest_smid", greatest}});
  }
  for (const unsigned of_cluster : {2u, 4u, 8u, 16u})
    say({{"cluster", of_cluster}, {"sms_that_were_together", groups_of_clusters(sms, of_cluster)}});
  sub_partitions();
  cache_rates(*gpu);
}

}  // namespace assay::silicon
