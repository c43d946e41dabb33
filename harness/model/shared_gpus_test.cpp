#include "harness/model/shared_gpus.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(SharedGpus, AreThoseThatSeveralParticipantsOfOnePlacementSee) {
  Placement apart, together, pair;
  apart.participants = {{{Part::gpu(0)}}, {{Part::gpu(1)}}};
  together.participants = {{{Part::gpu(0)}}, {{Part::gpu(1)}}, {{Part::gpu(1)}}, {{Part::gpu(1)}}};
  pair.participants = {{{Part::gpu(0), Part::gpu(1)}}};
  EXPECT_EQ(ranks_of_a_gpu(apart), 1);
  EXPECT_EQ(ranks_of_a_gpu(together), 3);
  EXPECT_EQ(ranks_of_a_gpu(pair), 1);
  EXPECT_EQ(ranks_of_a_gpu(Placement{}), 1);
  Plan plan;
  EXPECT_EQ(ranks_of_a_gpu(plan), 1);
  plan.stages.resize(2);
  plan.stages[0].placements = {apart, apart};  // side by side, and nothing to do with one another
  EXPECT_EQ(ranks_of_a_gpu(plan), 1);
  plan.stages[1].placements = {together};
  EXPECT_EQ(ranks_of_a_gpu(plan), 3);
}

}  // namespace
}  // namespace assay
