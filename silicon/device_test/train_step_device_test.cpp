#include <gtest/gtest.h>

#include <cstdio>

#include "kernels/workloads/train_step/train_step.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads::train_step {
namespace {

TEST(TrainStepDeviceHalf, Products) {
  const auto gpu = memory::test_gpu();
  for (const auto& [a, b] : {std::pair{false, false}, {false, true}, {true, true}}) {
    EXPECT_EQ(wrong_in_product(*gpu, {32, 48, 64}, a, b, false), 0u);
    EXPECT_EQ(wrong_in_product(*gpu, {256, 128, 256}, a, b, true), 0u);
  }
}
TEST(TrainStepDeviceHalf, Repeats) {
  const auto gpu = memory::test_gpu();
  const auto t = make_training(*gpu, 5);
  for (int i = 0; i < 20; ++i) {
    const Repetitions r = t->repeat(1);
    EXPECT_EQ(r.wrong_values, 0u);
    for (const auto& w : r.first_wrong) std::printf("%s: %s %s\n", w.what.c_str(), w.expected.c_str(), w.actual.c_str());
    if (i == 0) std::printf("%f s %llx\n", r.seconds, (unsigned long long)r.by_hash.begin()->first);
  }
  for (const Step& s : t->first()) std::printf("loss %f\n", s.loss);
}

}  // namespace
}  // namespace assay::workloads::train_step
