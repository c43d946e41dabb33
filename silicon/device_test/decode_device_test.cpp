// A layer that decodes: every step of small ones held to double precision, the same every time, and what has
// one right value found when it is damaged.
#include <gtest/gtest.h>

#include "kernels/workloads/decode/decode.h"
#include "silicon/device_test/transformer_expectations.h"

namespace assay::workloads::transformer {
namespace {

constexpr Layer kSmall = kDecodeUnderEmulation;
const Maker kMake = [](Gpu& gpu, const Layer& layer, std::uint64_t seed) {
  return make_decode(gpu, layer, seed);
};

TEST(DecodeDeviceHalf, EveryStepIsWhatDoublePrecisionSays) {
  expect_every_step_held({kSmall, decode({128, 2, 64, 320}, 16, 130), decode({64, 1, 128, 64}, 3, 1090),
                          decode({1024, 1, 64, 2560}, 2, 128)},
                         kMake);
}

TEST(DecodeDeviceHalf, IsTheSameEveryTimeAndOnOtherDataAnother) {
  expect_the_same_every_time_and_on_other_data_another(kSmall, kMake);
}

TEST(DecodeDeviceHalf, EverythingThatGoesInIsInTheHash) {
  expect_all_that_goes_in_in_the_hash(kSmall, kMake);
}

TEST(DecodeDeviceHalf, AWrongValueOfTheProbeIsNamed) {
  expect_wrong_values_of_the_probe_named(kSmall, kMake);
}

TEST(DecodeDeviceHalf, TheProbeKnowsEachUnit) {
  expect_the_probe_to_know_each_unit(kSmall, kMake);
}

}  // namespace
}  // namespace assay::workloads::transformer
