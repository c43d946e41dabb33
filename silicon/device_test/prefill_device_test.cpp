// A layer's prefill: every step of small ones held to double precision, the same every time, and what has one
// right value found when it is damaged.
#include <gtest/gtest.h>

#include "kernels/workloads/prefill/prefill.h"
#include "silicon/device_test/cublaslt_for_tests.h"
#include "silicon/device_test/transformer_expectations.h"

namespace assay::workloads::transformer {
namespace {

constexpr Layer kSmall = kPrefillUnderEmulation;

class PrefillDeviceHalf : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    library_ = testing_tools::open_cublaslt(why_not);
    if (library_ == nullptr) GTEST_SKIP() << why_not;
  }

  std::unique_ptr<CublasLt> library_;
  const Maker make_ = [this](Gpu& gpu, const Layer& layer, std::uint64_t seed) {
    auto prefill = make_prefill(gpu, *library_, layer, seed);
    prefill->use(prefill->propose());
    return prefill;
  };
};

TEST_F(PrefillDeviceHalf, EveryStepIsWhatDoublePrecisionSays) {
  expect_every_step_held({kSmall, prefill({128, 2, 64, 192}, 16, 0), prefill({64, 1, 128, 64}, 16, 64),
                          prefill({64, 1, 64, 64}, 32, 256)},
                         make_);
}

TEST_F(PrefillDeviceHalf, IsTheSameEveryTimeAndOnOtherDataAnother) {
  expect_the_same_every_time_and_on_other_data_another(kSmall, make_);
}

TEST_F(PrefillDeviceHalf, EverythingThatGoesInIsInTheHash) {
  expect_all_that_goes_in_in_the_hash(kSmall, make_);
}

TEST_F(PrefillDeviceHalf, AWrongValueOfTheProbeIsNamed) {
  expect_wrong_values_of_the_probe_named(kSmall, make_);
}

TEST_F(PrefillDeviceHalf, TheProbeKnowsEachUnit) {
  expect_the_probe_to_know_each_unit(kSmall, make_);
}

}  // namespace
}  // namespace assay::workloads::transformer
