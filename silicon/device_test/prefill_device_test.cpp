// A layer's prefill: every step of small ones held to double precision, the same every time, and what has one
// right value found when it is damaged.
#include <gtest/gtest.h>

#include "kernels/workloads/prefill/prefill.h"
#include "silicon/device_test/cublaslt_for_tests.h"
#include "silicon/device_test/device_memory.h"
#include "silicon/device_test/transformer_reference.h"

namespace assay::workloads {
namespace {

class PrefillDeviceHalf : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    library_ = testing_tools::open_cublaslt(why_not);
    if (library_ == nullptr) GTEST_SKIP() << why_not;
  }
  std::unique_ptr<Prefill> made(Gpu& gpu, const Layer& layer) {
    auto prefill = make_prefill(gpu, *library_, layer, kData);
    prefill->use(prefill->propose());
    return prefill;
  }

  std::unique_ptr<CublasLt> library_;
};

constexpr Layer kSmall = prefill({64, 1, 64, 64}, 8, 64);

TEST_F(PrefillDeviceHalf, EveryStepIsWhatDoublePrecisionSays) {
  for (const Layer& layer : {kSmall, prefill({128, 2, 64, 192}, 16, 0), prefill({64, 1, 128, 64}, 16, 64)}) {
    memory::GpuInReach gpu;
    const auto workload = made(gpu, layer);
    const Repetitions once = workload->repeat(1);
    EXPECT_EQ(once.wrong_values, 0u);
    const auto held = LeftBehind(gpu, layer).held_to_the_reference();
    EXPECT_GT(held.results, 5000u);
    EXPECT_EQ(held.missed, 0u) << held.first_missed;
    EXPECT_EQ(held.mutants_found, held.results);
  }
}

}  // namespace
}  // namespace assay::workloads
