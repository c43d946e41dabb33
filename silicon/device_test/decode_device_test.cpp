// A layer that decodes: every step of small ones held to double precision, the same every time, and what has
// one right value found when it is damaged.
#include <gtest/gtest.h>

#include "kernels/workloads/decode/decode.h"
#include "silicon/device_test/device_memory.h"
#include "silicon/device_test/transformer_reference.h"

namespace assay::workloads {
namespace {

constexpr Layer kSmall = decode({64, 1, 64, 64}, 2, 128);

TEST(DecodeDeviceHalf, EveryStepIsWhatDoublePrecisionSays) {
  for (const Layer& layer : {kSmall, decode({128, 2, 64, 320}, 16, 130), decode({64, 1, 128, 64}, 3, 1090)}) {
    memory::GpuInReach gpu;
    const auto workload = make_decode(gpu, layer, kData);
    const Repetitions once = workload->repeat(1);
    EXPECT_EQ(once.wrong_values, 0u);
    const auto held = LeftBehind(gpu, layer).held_to_the_reference();
    EXPECT_GT(held.results, 2000u);
    EXPECT_EQ(held.missed, 0u) << held.first_missed;
    EXPECT_EQ(held.mutants_found, held.results);
  }
}

}  // namespace
}  // namespace assay::workloads
