#include "harness/model/part.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Part, WhatIsOnTheNodeCanBeAccused) {
  for (const char* path : {"node", "gpu3", "gpu3/hbm", "gpu0-gpu5", "nvswitch1/port12", "host/nic2"})
    EXPECT_TRUE(Part(path).is_on_node()) << path;
  for (const char* path : {"", "harness", "environment"}) EXPECT_FALSE(Part(path).is_on_node()) << path;
}

TEST(Part, OfTheNodeAsAWhole) {
  for (const char* path : {"node", "harness", "environment"}) EXPECT_TRUE(Part(path).is_node_level()) << path;
  for (const char* path : {"", "gpu3", "nvswitch1", "host"}) EXPECT_FALSE(Part(path).is_node_level()) << path;
}

TEST(Part, APairHasTwoUnitsAndOneSpelling) {
  const Part pair = Part::pair("gpu5", "gpu0");
  EXPECT_EQ(pair, "gpu0-gpu5");
  EXPECT_TRUE(pair.is_pair());
  EXPECT_EQ(pair.units(), (std::vector<Part>{"gpu0", "gpu5"}));
  EXPECT_FALSE(pair.gpu_slot().has_value());
  EXPECT_FALSE(Part("gpu5-gpu0").is_valid());
  EXPECT_FALSE(Part("gpu07").gpu_slot().has_value());
}

TEST(Part, BelowAUnit) {
  EXPECT_EQ(Part::gpu(3).below("hbm"), "gpu3/hbm");
  EXPECT_EQ(Part("gpu3/hbm").unit(), "gpu3");
  EXPECT_EQ(Part("gpu3/hbm").subcomponent(), "hbm");
  EXPECT_EQ(Part("gpu3/hbm").gpu_slot(), 3);
  EXPECT_EQ(Part::gpu(3).below(""), "gpu3");
}

}  // namespace
}  // namespace assay
