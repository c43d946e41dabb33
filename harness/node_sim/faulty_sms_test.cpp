#include "harness/node_sim/faulty_sms.h"

#include <gtest/gtest.h>

namespace assay::sim {
namespace {

using cuda_emulation::SmPlace;

constexpr SmPlace kThere{57, 2, 5}, kOtherSm{56, 2, 5}, kOtherSubPartition{57, 1, 5};

BadDatapath bad() {
  BadDatapath bad;
  bad.path = Datapath::fp32;
  bad.sm = 57;
  bad.sub_partition = 2;
  bad.bit = 4;
  return bad;
}

std::uint64_t result(PlantedInSms& planted, const SmPlace& place, Datapath path = Datapath::fp32,
                     std::uint64_t bits = 0, unsigned where = 0) {
  return planted.result(place, path, where, bits);
}

TEST(FaultySms, ABitIsWrongInItsPlaceAlone) {
  PlantedInSms planted({bad()}, 1);
  ASSERT_EQ(planted.acting({30, 100}), &planted);
  EXPECT_EQ(result(planted, kThere), 16u);
  EXPECT_EQ(result(planted, kThere, Datapath::fp32, 16), 0u);
  EXPECT_EQ(result(planted, kOtherSm), 0u);
  EXPECT_EQ(result(planted, kOtherSubPartition), 0u);
  EXPECT_EQ(result(planted, kThere, Datapath::fp64), 0u);
  EXPECT_FALSE(planted.like_the_others(57));
  EXPECT_TRUE(planted.like_the_others(56));
}

TEST(FaultySms, AStuckBitIsWrongWhereItDiffers) {
  BadDatapath stuck = bad();
  stuck.gives = BadDatapath::Gives::one;
  PlantedInSms at_one({stuck}, 1);
  at_one.acting({30, 100});
  EXPECT_EQ(result(at_one, kThere, Datapath::fp32, 16), 16u);
  EXPECT_EQ(result(at_one, kThere, Datapath::fp32, 0), 16u);
  stuck.gives = BadDatapath::Gives::zero;
  PlantedInSms at_zero({stuck}, 1);
  at_zero.acting({30, 100});
  EXPECT_EQ(result(at_zero, kThere, Datapath::fp32, 16), 0u);
}

TEST(FaultySms, ARegisterOrABankIsMeantAlone) {
  BadDatapath of_register = bad();
  of_register.where = 17;
  PlantedInSms planted({of_register}, 1);
  planted.acting({30, 100});
  EXPECT_EQ(result(planted, kThere, Datapath::fp32, 0, 17), 16u);
  EXPECT_EQ(result(planted, kThere, Datapath::fp32, 0, 16), 0u);
}

TEST(FaultySms, SomeActOnlyWhenTheGpuIsWarmOrDrawsMuch) {
  BadDatapath warm = bad(), loaded = bad();
  warm.above_c = 50;
  loaded.above_w = 600;
  loaded.sm = 3;
  PlantedInSms planted({warm, loaded}, 1);
  EXPECT_EQ(planted.acting({40, 500}), nullptr);
  ASSERT_NE(planted.acting({55, 500}), nullptr);
  EXPECT_TRUE(planted.like_the_others(3));
  EXPECT_FALSE(planted.like_the_others(57));
  ASSERT_NE(planted.acting({40, 650}), nullptr);
  EXPECT_FALSE(planted.like_the_others(3));
  EXPECT_TRUE(planted.like_the_others(57));
}

TEST(FaultySms, SomeActOnlyWhenTheLoadComesOrTheMemoryWorksBeside) {
  BadDatapath at_step = bad(), beside_memory = bad();
  at_step.within_s = 0.01;
  beside_memory.memory_load = 0.3;
  beside_memory.sm = 3;
  PlantedInSms planted({at_step, beside_memory}, 1);
  EXPECT_EQ(planted.acting({40, 500, 0.01, 0.2}), nullptr);
  ASSERT_NE(planted.acting({40, 500, 0.005, 0.2}), nullptr);
  EXPECT_TRUE(planted.like_the_others(3));
  EXPECT_FALSE(planted.like_the_others(57));
  ASSERT_NE(planted.acting({40, 500, 2, 0.4}), nullptr);
  EXPECT_FALSE(planted.like_the_others(3));
}

TEST(FaultySms, WhatAllGetWrongAlikeMakesNoneUnlikeTheOthersAndWhatIsRandomDoes) {
  BadDatapath everywhere = bad();
  everywhere.sm.reset();
  PlantedInSms alike({everywhere}, 1);
  alike.acting({30, 100});
  EXPECT_TRUE(alike.like_the_others(57));
  everywhere.every = 2;
  PlantedInSms random({everywhere}, 1);
  random.acting({30, 100});
  EXPECT_FALSE(random.like_the_others(57));
}

TEST(FaultySms, OneOfSoManyIsDrawnAtRandom) {
  BadDatapath rare = bad();
  rare.every = 100;
  PlantedInSms planted({rare}, 1);
  planted.acting({30, 100});
  int wrong = 0;
  for (int i = 0; i < 100000; ++i) wrong += result(planted, kThere) != 0 ? 1 : 0;
  EXPECT_NEAR(wrong, 1000, 150);
}

}  // namespace
}  // namespace assay::sim
