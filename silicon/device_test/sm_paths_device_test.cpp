// The datapaths' device half: the same bits on every multiprocessor, in every round, and those that the CPU
// works out.
#include <gtest/gtest.h>

#include "kernels/sm_paths/comparison.h"
#include "kernels/sm_paths/sm_paths.h"
#include "silicon/device_test/device_memory.h"

namespace assay::compute {
namespace {

constexpr std::uint64_t kSeed = 77;
constexpr std::uint32_t kRounds = 50;

std::vector<Datapath> all_paths() {
  std::vector<Datapath> paths;
  for (std::size_t i = 0; i < kDatapaths; ++i) paths.push_back(static_cast<Datapath>(i));
  return paths;
}

TEST(SmPathsDeviceHalf, EverySmFindsWhatTheCpuWorksOut) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  for (const Datapath path : all_paths()) {
    for (const Data data : {Data::exact, Data::random}) {
      const auto expected = expected_hashes(path, data, kSeed);
      gpu->make_current();
      const LaunchResult launch = paths->run(path, data, kSeed, kRounds);
      ASSERT_EQ(launch.blocks.size(), static_cast<std::size_t>(gpu->multiprocessors()));
      EXPECT_GT(launch.seconds, 0);
      Comparison comparison;
      comparison.add(path, data, kSeed, kRounds, launch, expected);
      EXPECT_TRUE(comparison.unexpected().empty()) << name_of(path);
      EXPECT_TRUE(comparison.wrong().empty()) << name_of(path);
      EXPECT_EQ(comparison.sms(path, data, kSeed), launch.blocks.size()) << name_of(path);
      for (const BlockResult& block : launch.blocks) EXPECT_TRUE(block.first_wrong.empty()) << name_of(path);
    }
  }
}

/// A round is what it is by definition, and nothing else says so: one that has become another is noticed
/// here. Of approximated functions a card finds other bits than the emulation, and another C library than
/// this one.
TEST(SmPathsDeviceHalf, ARoundIsTheOneThatWasDefined) {
  constexpr std::uint64_t kHashes[kDatapaths] = {
      0xf21deb25d577b7d1, 0x9002504d12c20d92, 0x410ef818ee704f3e, 0x28ea99144e28d5ef, 0,
      0x8f41df8afe34a6ea, 0x76148db6f7f33dfd, 0x68457716c1b8aa63, 0x5c525ce30459f76e, 0x6fb2887b82b5cc21,
      0x6fb2887b82b5cc21, 0xc55a7c13c6e4e80b, 0x5b5414e809a652b,  0xbf8cd8ae0ef5a7b6, 0x6dded5a96d4ea7d8,
      0xa29f00f6882433b7};
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  for (const Datapath path : all_paths()) {
    if (path == Datapath::special) continue;
    std::uint64_t hash = 0;
    const LaunchResult launch = paths->run(path, Data::exact, kSeed, 2);
    for (const ThreadResult& thread : launch.blocks.at(0).threads) hash = memory::mix64(hash ^ thread.hash);
    EXPECT_EQ(hash, kHashes[static_cast<std::size_t>(path)]) << name_of(path) << std::hex << " 0x" << hash;
  }
}

TEST(SmPathsDeviceHalf, OtherDataGiveOtherBitsInEveryThread) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  for (const Datapath path : all_paths()) {
    const BlockResult one = paths->run(path, Data::exact, 1, 2).blocks.at(0);
    const BlockResult other = paths->run(path, Data::exact, 2, 2).blocks.at(0);
    std::size_t equal = 0;
    for (unsigned i = 0; i < kThreads; ++i) equal += one.threads[i].hash == other.threads[i].hash ? 1 : 0;
    EXPECT_EQ(equal, 0u) << name_of(path);
  }
}

TEST(SmPathsDeviceHalf, IntegersAndFullMantissasAreOtherDataForTensorCoresAlone) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  for (const Datapath path : all_paths()) {
    const BlockResult exact = paths->run(path, Data::exact, kSeed, 2).blocks.at(0);
    const BlockResult random = paths->run(path, Data::random, kSeed, 2).blocks.at(0);
    EXPECT_EQ(exact.threads[5].hash != random.threads[5].hash, has_random_data(path)) << name_of(path);
  }
}

}  // namespace
}  // namespace assay::compute
