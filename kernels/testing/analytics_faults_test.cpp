// Queries on multiprocessors that get one result wrong, once, between one pass over the data and the next: it
// is found, or the result is the right one.
#include <gtest/gtest.h>

#include <atomic>

#include "kernels/testing/emulated_device.h"
#include "kernels/workloads/analytics/analytics.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads {
namespace {

/// One bit of the n-th result of a datapath is another.
class OneWrongResult : public cuda_emulation::FaultySms {
 public:
  OneWrongResult() { testing_tools::emulated_device().planted_sms = this; }
  ~OneWrongResult() override { testing_tools::emulated_device().planted_sms = nullptr; }
  OneWrongResult(const OneWrongResult&) = delete;
  OneWrongResult& operator=(const OneWrongResult&) = delete;

  bool like_the_others(unsigned) const override { return true; }
  std::uint64_t result(const cuda_emulation::SmPlace&, Datapath of, unsigned, std::uint64_t bits) override {
    if (of != path) return bits;
    return met++ == nth ? bits ^ (std::uint64_t{1} << bit) : bits;
  }

  Datapath path = Datapath::integer;
  std::uint64_t nth = ~std::uint64_t{0};
  int bit = 0;
  std::atomic<std::uint64_t> met{0};
};

/// Of results spread over all of a repetition: how many were told to be wrong.
int found_of(Query query, Datapath path, int bits) {
  const auto gpu = memory::test_gpu();
  const auto workload = make_analytics(*gpu, query, kData);
  OneWrongResult fault;
  fault.path = path;
  const std::uint64_t right = workload->repeat(1).by_hash.begin()->first;
  const std::uint64_t all = fault.met;
  EXPECT_GT(all, 0u);
  constexpr int kTried = 24;
  int found = 0;
  for (int i = 0; i < kTried; ++i) {
    fault.met = 0;
    fault.nth = all * static_cast<unsigned>(i) / kTried + static_cast<unsigned>(i);
    fault.bit = i * 7 % bits;
    const Repetitions done = workload->repeat(1);
    const bool told = done.wrong_values > 0;
    EXPECT_TRUE(told || done.by_hash.begin()->first == right) << fault.nth << " of " << all;
    found += told ? 1 : 0;
  }
  fault.nth = ~std::uint64_t{0};
  EXPECT_EQ(workload->repeat(1).wrong_values, 0u);
  return found;
}

TEST(AnalyticsFaultsDeviceHalf, AScanTellsOfEveryWrongValueThatItUses) {
  EXPECT_GE(found_of(Query::scan, Datapath::integer, 32), 8);
}

TEST(AnalyticsFaultsDeviceHalf, ARowThatComesWrongOnItsWayInAnyPassOfASortIsFound) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a wrong place for a row is another row's: what is damaged here races, and is to";
#endif
  EXPECT_EQ(found_of(Query::sort, Datapath::load_store, 64), 24) << "a row is read once a pass";
}

TEST(AnalyticsFaultsDeviceHalf, ADigitThatIsTakenForAnotherIsFoundOrDoesNoHarm) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a wrong place for a row is another row's: what is damaged here races, and is to";
#endif
  EXPECT_GT(found_of(Query::sort, Datapath::integer, 8), 12);
}

TEST(AnalyticsFaultsDeviceHalf, AJoinTellsOfEntriesThatComeWrong) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a wrong place for a row is another row's: what is damaged here races, and is to";
#endif
  EXPECT_GT(found_of(Query::join, Datapath::load_store, 64), 0);
  found_of(Query::join, Datapath::integer, 32);  // a slot: of a wrong one, others are looked up in its stead
}

}  // namespace
}  // namespace assay::workloads
