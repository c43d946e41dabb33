// What the datapaths' kernels report of multiprocessors that compute wrongly: every datapath's results are
// looked at, in every sub-partition, to the last bit.
#include <gtest/gtest.h>

#include <atomic>

#include "kernels/sm_paths/comparison.h"
#include "kernels/sm_paths/round_sizes.h"
#include "kernels/sm_paths/sm_paths.h"
#include "kernels/testing/emulated_device.h"
#include "silicon/device_test/device_memory.h"

namespace assay::compute {
namespace {

constexpr std::uint32_t kRounds = 1000;

class Planted : public cuda_emulation::FaultySms {
 public:
  Planted() { testing_tools::emulated_device().planted_sms = this; }
  ~Planted() override { testing_tools::emulated_device().planted_sms = nullptr; }
  Planted(const Planted&) = delete;
  Planted& operator=(const Planted&) = delete;
};

/// One wrong bit in one result: the n-th of a datapath in one place.
class OneWrong : public Planted {
 public:
  bool like_the_others(unsigned number) const override { return number != sm; }
  std::uint64_t result(const cuda_emulation::SmPlace& place, Datapath of, unsigned at,
                       std::uint64_t bits) override {
    if (of != path || place.sm != sm || place.sub_partition != sub_partition || (any && at != where))
      return bits;
    return met++ == nth ? bits ^ (std::uint64_t{1} << bit) : bits;
  }

  Datapath path = Datapath::fp32;
  unsigned sm = 1, sub_partition = 0, where = 0;
  bool any = false;  // `where` counts
  int bit = 0;
  std::uint64_t nth = 0;
  std::atomic<std::uint64_t> met{0};
};

/// Every result of 32 bits is rounded to a power of two.
class PowersOfTwo : public Planted {
 public:
  bool like_the_others(unsigned) const override { return true; }
  std::uint64_t result(const cuda_emulation::SmPlace&, Datapath, unsigned, std::uint64_t bits) override {
    return (bits + 0x00400000u) & 0xff800000u;
  }
};

int bits_of_results(Datapath path) {
  switch (path) {
    case Datapath::fp64:
    case Datapath::tensor_fp64:
    case Datapath::bulk_copy:
      return 64;
    case Datapath::load_store:
      return 8;  // of the narrowest
    default:
      return 32;
  }
}

TEST(SmPathsFaultsDeviceHalf, OneWrongBitOfOneResultIsFoundWherever) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  for (std::size_t i = 0; i < kDatapaths; ++i) {
    const auto path = static_cast<Datapath>(i);
    const LaunchResult healthy = paths->run(path, Data::exact, 7, kRounds);
    std::vector<std::uint64_t> expected;
    for (const ThreadResult& thread : healthy.blocks[0].threads) expected.push_back(thread.hash);
    for (const unsigned sub_partition : {0u, 3u}) {
      if (path == Datapath::bulk_copy && sub_partition != 0) continue;
      OneWrong planted;
      planted.path = path;
      planted.sub_partition = sub_partition;
      planted.nth = ~0ULL;
      paths->run(path, Data::exact, 7, kRounds);
      const std::uint64_t results = planted.met;
      ASSERT_GT(results, 100u) << name_of(path);
      for (const std::uint64_t nth : {std::uint64_t{0}, results / 3, results - 1}) {
        for (const int bit : {0, bits_of_results(path) - 1}) {
          // A last bit of a sum that goes on growing is cut off with what it grows by.
          if (bit == 0 && path >= Datapath::tensor_bf16 && nth != results - 1) continue;
          planted.nth = nth;
          planted.bit = bit;
          planted.met = 0;
          Comparison comparison;
          comparison.add(path, Data::exact, 7, kRounds, paths->run(path, Data::exact, 7, kRounds), expected);
          ASSERT_EQ(comparison.wrong().size(), 1u)
              << name_of(path) << ": result " << nth << " of " << results << ", bit " << bit;
          EXPECT_EQ(comparison.wrong().begin()->first, 1u);
          EXPECT_TRUE(comparison.unexpected().empty());
        }
      }
    }
  }
}

TEST(SmPathsFaultsDeviceHalf, EveryRegisterThatIsHeldIsLookedAt) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  const auto expected = expected_hashes(Datapath::registers, Data::exact, 7);
  OneWrong planted;
  planted.path = Datapath::registers;
  planted.any = true;
  for (unsigned number = 0; number < kRegistersHeld; ++number) {
    planted.where = number;
    planted.met = 0;
    planted.bit = static_cast<int>(number % 32);
    Comparison comparison;
    comparison.add(Datapath::registers, Data::exact, 7, kRounds,
                   paths->run(Datapath::registers, Data::exact, 7, kRounds), expected);
    ASSERT_EQ(comparison.wrong().size(), 1u) << number;
    EXPECT_EQ(culprit_of(comparison.wrong().begin()->second), "registers of sub-partition 0: held value " +
                                                                  std::to_string(number) + ", bit " +
                                                                  std::to_string(number % 32));
  }
}

TEST(SmPathsFaultsDeviceHalf, TheBankOfSharedMemoryIsNamed) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  const auto expected = expected_hashes(Datapath::shared, Data::exact, 7);
  OneWrong planted;
  planted.path = Datapath::shared;
  planted.any = true;
  planted.bit = 5;
  for (const unsigned bank : {0u, 13u, 31u}) {
    planted.where = bank;
    planted.met = 0;
    Comparison comparison;
    comparison.add(Datapath::shared, Data::exact, 7, kRounds,
                   paths->run(Datapath::shared, Data::exact, 7, kRounds), expected);
    ASSERT_EQ(comparison.wrong().size(), 1u) << bank;
    EXPECT_EQ(culprit_of(comparison.wrong().begin()->second),
              "shared of sub-partition 0: bank " + std::to_string(bank) + ", bit 5");
  }
}

/// As other datapaths' rounds are. C libraries differ in the last bits of such functions, and agree where
/// only powers of two are left.
TEST(SmPathsFaultsDeviceHalf, ARoundOfApproximatedFunctionsIsTheOneThatWasDefined) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_sm_paths(*gpu);
  const PowersOfTwo planted;
  std::uint64_t hash = 0;
  const LaunchResult launch = paths->run(Datapath::special, Data::exact, 77, 2);
  for (const ThreadResult& thread : launch.blocks.at(0).threads) hash = memory::mix64(hash ^ thread.hash);
  EXPECT_EQ(hash, 0xbae0cb856f3117d8) << std::hex << "0x" << hash;
}

}  // namespace
}  // namespace assay::compute
