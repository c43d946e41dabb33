// The emulated runtime answers as the CUDA Runtime API's reference says.
#include "harness/node_sim/cuda_emulation/runtime.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <vector>

#include "harness/node_sim/cuda_emulation/device_code.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"

namespace assay::cuda_emulation {
namespace {

struct CudaRuntime : testing::Test {
  template <typename Kernel>
  cudaError_t run(Kernel kernel, const Work& work = {}, dim3 grid = {1}, dim3 block = {32}) {
    return launch(
        grid, block, 0, work, [](void* it) { (*static_cast<Kernel*>(it))(); }, &kernel);
  }
  cuda_emulation::PlainDevice device;
};

TEST_F(CudaRuntime, CopiesThatOverlapTakeTheirTimeTogether) {
  char* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 64), cudaSuccess);
  char host[64] = {7};
  Overlapped copies(3);
  EXPECT_EQ(cudaMemcpyAsync(memory, host, 64, cudaMemcpyHostToDevice, cudaStreamPerThread), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(host, memory, 32, cudaMemcpyDeviceToHost, cudaStreamPerThread), cudaSuccess);
  EXPECT_EQ(memory[0], 7) << "what is copied is there at once";
  EXPECT_EQ(device.now(), 0);
  EXPECT_EQ(copies.finish(), cudaSuccess);
  EXPECT_EQ(device.now(), 3 * 64);
  EXPECT_EQ(device.transfers.back().amount(Resource::pcie_out), 3 * 32);
  EXPECT_EQ(cudaMemcpy(host, memory, 32, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(device.now(), 3 * 64 + 32) << "nothing overlaps any more";
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST_F(CudaRuntime, WhatOverlapsWithinWhatOverlapsEndsWithItAndEventsFollowTheirStream) {
  char* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 64), cudaSuccess);
  char host[64] = {};
  cudaStream_t up = nullptr, down = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&up, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamCreateWithFlags(&down, cudaStreamNonBlocking), cudaSuccess);
  cudaEvent_t start = nullptr, of_up = nullptr, of_down = nullptr, of_all = nullptr;
  for (cudaEvent_t* event : {&start, &of_up, &of_down, &of_all}) cudaEventCreate(event);
  {
    Overlapped outer(1);
    cudaEventRecord(start, down);
    {
      Overlapped inner(10);
      EXPECT_EQ(cudaMemcpyAsync(memory, host, 64, cudaMemcpyHostToDevice, up), cudaSuccess);
      EXPECT_EQ(cudaMemcpyAsync(host, memory, 16, cudaMemcpyDeviceToHost, down), cudaSuccess);
      EXPECT_EQ(inner.finish(), cudaSuccess);
    }
    EXPECT_EQ(device.now(), 0);
    cudaEventRecord(of_up, up);
    cudaEventRecord(of_down, down);
    cudaEventRecord(of_all);
    EXPECT_EQ(outer.finish(), cudaSuccess);
  }
  EXPECT_EQ(device.now(), 640);
  EXPECT_EQ(start->time, 0) << "nothing was in its stream before it";
  EXPECT_EQ(of_up->time, 640);
  EXPECT_EQ(of_down->time, 160);
  EXPECT_EQ(of_all->time, 640);
  for (cudaEvent_t event : {start, of_up, of_down, of_all}) cudaEventDestroy(event);
  cudaStreamDestroy(up);
  cudaStreamDestroy(down);
  cudaFree(memory);
}

TEST_F(CudaRuntime, ALaunchReachesAPeersMemoryOnceThatIsAllowed) {
  PlainDevice other(1 << 20, "0000:2b:00.0");
  const Work work(WorkKind::peer_stores, 16, 1);
  int can = -1;
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 1), cudaSuccess);
  EXPECT_EQ(can, 1);
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 0), cudaSuccess);
  EXPECT_EQ(can, 0) << "nobody is a peer of its own";
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 7), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(0, 0), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(7, 0), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaErrorPeerAccessAlreadyEnabled);
  EXPECT_EQ(run([] {}, work), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  device.lets_peers_in = false;
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 1), cudaSuccess);
  EXPECT_EQ(can, 0);
}

TEST_F(CudaRuntime, ALaunchThatReachesAPeersMemoryWithoutLeaveBreaksTheContext) {
  PlainDevice other(1 << 20, "0000:2b:00.0");
  device.lets_peers_in = false;
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaErrorPeerAccessUnsupported);
  EXPECT_EQ(run([] {}, {WorkKind::peer_loads, 16, 1}), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
}

TEST_F(CudaRuntime, OnlyPinnedMemoryOfTheHostIsMapped) {
  char memory[64];
  void* mapped = nullptr;
  EXPECT_EQ(cudaHostGetDevicePointer(&mapped, memory, 0), cudaErrorInvalidValue);
  EXPECT_EQ(cudaHostRegister(memory, sizeof(memory), cudaHostRegisterMapped), cudaSuccess);
  EXPECT_EQ(cudaHostGetDevicePointer(&mapped, memory, 0), cudaSuccess);
  EXPECT_EQ(mapped, memory);
  EXPECT_EQ(cudaHostUnregister(memory), cudaSuccess);
}

TEST_F(CudaRuntime, HostMemoryIsPinnedOnce) {
  char memory[64];
  EXPECT_EQ(cudaHostUnregister(memory), cudaErrorHostMemoryNotRegistered);
  EXPECT_EQ(cudaHostRegister(memory, sizeof(memory), cudaHostRegisterDefault), cudaSuccess);
  EXPECT_EQ(cudaHostRegister(memory, sizeof(memory), cudaHostRegisterDefault),
            cudaErrorHostMemoryAlreadyRegistered);
  EXPECT_EQ(cudaHostUnregister(memory), cudaSuccess);
  EXPECT_EQ(cudaHostRegister(nullptr, 1, cudaHostRegisterDefault), cudaErrorInvalidValue);
  EXPECT_EQ(cudaHostRegister(memory, 0, cudaHostRegisterDefault), cudaErrorInvalidValue);
  EXPECT_EQ(cudaHostRegister(memory, 1, 64), cudaErrorInvalidValue);
}

TEST_F(CudaRuntime, CopiesStayWithinTheirAllocation) {
  std::uint64_t* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 80), cudaSuccess);
  std::vector<std::uint64_t> values(10, 7), copy(10);
  EXPECT_EQ(cudaMemcpy(memory, values.data(), 80, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemset(memory + 9, 0, 8), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(copy.data(), memory, 80, cudaMemcpyDeviceToHost), cudaSuccess);
  values[9] = 0;
  EXPECT_EQ(copy, values);
  EXPECT_EQ(cudaMemset(memory + 9, 0, 16), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(copy.data(), memory + 1, 80, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaErrorInvalidValue);
  EXPECT_EQ(device.free_bytes, device.total_bytes);
}

TEST_F(CudaRuntime, ARefusedAllocationBreaksNothing) {
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, 1 << 30), cudaErrorMemoryAllocation);
  EXPECT_EQ(memory, nullptr);
  EXPECT_EQ(cudaMalloc(&memory, 16), cudaSuccess);
  cudaFree(memory);
}

TEST_F(CudaRuntime, EventsMeasureTheTimeOfTheWorkBetweenThem) {
  cudaEvent_t start = nullptr, stop = nullptr;
  cudaEventCreate(&start);
  cudaEventCreate(&stop);
  float milliseconds = 0;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, stop), cudaErrorInvalidResourceHandle);
  cudaEventRecord(start);
  EXPECT_EQ(run([] {}, {WorkKind::copy, 2e6}), cudaSuccess);
  cudaEventRecord(stop);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, stop), cudaSuccess);
  EXPECT_NEAR(milliseconds, 2, 1e-3);
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
}

TEST_F(CudaRuntime, WhatBreaksInALaunchIsSaidAtTheNextCallAndForEver) {
  EXPECT_EQ(run([] { throw DeviceFailure{cudaErrorECCUncorrectable}; }), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorECCUncorrectable);
  EXPECT_EQ(cudaGetLastError(), cudaErrorECCUncorrectable);
  EXPECT_EQ(cudaGetLastError(), cudaErrorECCUncorrectable);
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, 16), cudaErrorECCUncorrectable);
  EXPECT_EQ(run([] {}), cudaErrorECCUncorrectable);
  int current = -1;
  EXPECT_EQ(cudaGetDevice(&current), cudaSuccess) << "which device it was can still be asked";
}

TEST_F(CudaRuntime, AShapeThatNoDeviceTakesIsRefusedAndNothingRuns) {
  unsigned ran = 0;
  EXPECT_EQ(run([&] { ++ran; }, {}, {1}, {2048}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(ran, 0u);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST_F(CudaRuntime, DevicesAreFoundByTheirAddressAndThoseThatAreHiddenAreNot) {
  int ordinal = -1;
  EXPECT_EQ(cudaDeviceGetByPCIBusId(&ordinal, "0000:1b:00.0"), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(ordinal), cudaSuccess);
  char address[32];
  EXPECT_EQ(cudaDeviceGetPCIBusId(address, sizeof(address), ordinal), cudaSuccess);
  EXPECT_STREQ(address, "0000:1b:00.0");
  hide_device(device);
  EXPECT_EQ(cudaDeviceGetByPCIBusId(&ordinal, "0000:1b:00.0"), cudaErrorInvalidDevice);
  show_device(device);
}

TEST_F(CudaRuntime, DeviceCodeGoesThroughWhatIsPlantedInTheMemory) {
  struct OneBitWrong : FaultyMemory {
    Word128 load(const Word128* address) override { return {address->low ^ 1, address->high}; }
    void store(Word128* address, Word128 value) override { *address = value; }
  } wrong;
  device.planted = &wrong;
  Word128* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 32 * sizeof(Word128)), cudaSuccess);
  EXPECT_EQ(run([=] {
              store_word(memory + threadIdx.x, {2, 3});
              EXPECT_EQ(load_word(memory + threadIdx.x), (Word128{3, 3}));
            }),
            cudaSuccess);
  Word128 copy{};
  cudaMemcpy(&copy, memory, sizeof(copy), cudaMemcpyDeviceToHost);
  EXPECT_EQ(copy, (Word128{2, 3}));
  cudaFree(memory);
}

TEST_F(CudaRuntime, CopiesAskForTheLinkThatTheyTake) {
  cuda_emulation::PlainDevice other;
  char host[256] = {};
  void *here = nullptr, *there = nullptr;
  ASSERT_EQ(cudaMalloc(&here, sizeof(host)), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&there, sizeof(host)), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  const auto amounts = [](const Work& work) {
    std::vector<double> all;
    for (std::size_t i = 0; i < kResources; ++i) all.push_back(work.amount(static_cast<Resource>(i)));
    return all;
  };
  const auto copied = [&](void* to, const void* from, cudaMemcpyKind kind) {
    EXPECT_EQ(cudaMemcpy(to, from, sizeof(host), kind), cudaSuccess);
    return amounts(device.transfers.back());
  };
  using Amounts =
      std::vector<double>;  // memory, tensor cores, PCIe in and out, NVLink in and out, host, cores
  EXPECT_EQ(copied(here, host, cudaMemcpyHostToDevice), (Amounts{0, 0, 256, 0, 0, 0, 256, 0, 0}));
  EXPECT_EQ(copied(host, here, cudaMemcpyDeviceToHost), (Amounts{0, 0, 0, 256, 0, 0, 256, 0, 0}));
  EXPECT_EQ(copied(there, here, cudaMemcpyDeviceToDevice), (Amounts{0, 0, 0, 0, 0, 256, 0, 0, 0}));
  EXPECT_EQ(copied(here, here, cudaMemcpyDeviceToDevice), (Amounts{512, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(cudaMemcpy(here, there, sizeof(host), cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(amounts(device.transfers.back()), (Amounts{0, 0, 0, 0, 256, 0, 0, 0, 0}))
      << "the current one fetches it";
  EXPECT_EQ(cudaMemset(there, 0, sizeof(host)), cudaSuccess);
  EXPECT_EQ(amounts(other.transfers.back()), (Amounts{256, 0, 0, 0, 0, 0, 0, 0, 0})) << "where the memory is";
  other.broken = cudaErrorECCUncorrectable;
  EXPECT_EQ(cudaMemcpy(here, there, sizeof(host), cudaMemcpyDeviceToDevice), cudaErrorECCUncorrectable);
  other.broken = cudaSuccess;
  cudaFree(here);
  cudaFree(there);
}

TEST_F(CudaRuntime, AStreamWorksOnTheDeviceThatItWasMadeOn) {
  cuda_emulation::PlainDevice other;
  cudaStream_t stream = nullptr;
  EXPECT_EQ(cudaStreamCreateWithFlags(&stream, 7), cudaErrorInvalidValue);
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  void* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 64), cudaSuccess);
  std::vector<char> values(64, 7), copy(64);
  EXPECT_EQ(cudaMemcpyAsync(memory, values.data(), 64, cudaMemcpyHostToDevice, stream), cudaSuccess);
  EXPECT_EQ(cudaMemsetAsync(static_cast<char*>(memory) + 63, 0, 1, stream), cudaSuccess);
  cudaEvent_t event = nullptr;
  cudaEventCreate(&event);
  EXPECT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(cudaStreamPerThread, event), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(copy.data(), memory, 64, cudaMemcpyDeviceToHost), cudaSuccess);
  values[63] = 0;
  EXPECT_EQ(copy, values);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(cudaMemsetAsync(memory, 0, 1, stream), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(event, stream), cudaErrorInvalidResourceHandle);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  cudaEventDestroy(event);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(cudaStreamPerThread), cudaErrorInvalidResourceHandle);
  cudaFree(memory);
}

/// Five multiprocessors, of which some compute wrongly.
class FiveSms : public PlainDevice, public FaultySms {
 public:
  int multiprocessors() const override { return 5; }
  FaultySms* faulty_sms() override { return bad.empty() ? nullptr : this; }
  bool like_the_others(unsigned sm) const override { return bad.count(sm) == 0; }
  std::uint64_t result(const SmPlace& place, Datapath, unsigned, std::uint64_t bits) override {
    return like_the_others(place.sm) ? bits : bits + 1000;
  }
  std::set<unsigned> bad;
};

TEST(OneBlockAnSm, OneStandsForAllThatAreHealthy) {
  FiveSms device;
  for (const std::set<unsigned>& bad : {std::set<unsigned>{}, {3}, {0, 1, 2, 3, 4}}) {
    device.bad = bad;
    std::uint64_t results[5] = {};
    std::atomic<std::size_t> run{0};
    auto kernel = [&] {
      if (threadIdx.x != 0) return;
      ++run;
      results[blockIdx.x] = result_of(Datapath::fp32, std::uint64_t{7});
    };
    std::vector<StandIn> stand_ins;
    EXPECT_EQ(launch_one_block_an_sm(
                  {32}, 0, {}, [](void* it) { (*static_cast<decltype(kernel)*>(it))(); }, &kernel, stand_ins),
              cudaSuccess);
    EXPECT_EQ(run.load(), std::min<std::size_t>(5, bad.size() + 1));
    ASSERT_EQ(stand_ins.size(), 5u);
    std::set<unsigned> sms;
    for (const StandIn& block : stand_ins) {
      sms.insert(block.sm);
      EXPECT_EQ(results[block.block], bad.count(block.sm) == 0 ? 7u : 1007u);
    }
    EXPECT_EQ(sms.size(), 5u) << "each has one";
  }
}

TEST(Intrinsics, AreWhatTheProgrammingGuideSays) {
  EXPECT_EQ(__brev(1), 0x80000000u);
  EXPECT_EQ(__brev(0x12345678u), 0x1e6a2c48u);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__umulhi(0xffffffffu, 0xffffffffu), 0xfffffffeu);
  EXPECT_EQ(__funnelshift_l(0x80000000u, 1, 1), 3u);
  EXPECT_EQ(__funnelshift_l(5, 9, 32), 9u);
  EXPECT_EQ(__byte_perm(0x33221100u, 0x77665544u, 0x7531), 0x77553311u);
  EXPECT_EQ(__dp4a(0x01ff7f80, 0x02030405, 10), 2 - 3 + 4 * 127 - 5 * 128 + 10);
}

}  // namespace
}  // namespace assay::cuda_emulation
