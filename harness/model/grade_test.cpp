#include "harness/model/grade.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

Grade of_agreed(const char* measurement, const char* agreed, const char* found) {
  Limit limit;
  limit.measurement = measurement;
  limit.kind = LimitKind::one_of;
  limit.unit = Unit::text;
  limit.bound = std::string(agreed);
  return grade(limit, Value(std::string(found)));
}

TEST(GradeOneOf, EachOfSeveralVersionsIsToBeAmongThem) {
  const char* const found = "22.43.2026 (MT4125), 28.43.2026 (MT4129)";
  EXPECT_EQ(of_agreed("network_firmware", "28.43.2026 (MT4129) or 22.43.2026 (MT4125)", found), Grade::pass);
  EXPECT_EQ(of_agreed("network_firmware", "28.43.2026 or 22.43.2026", found), Grade::pass) << "of any type";
  EXPECT_EQ(of_agreed("network_firmware", "28.43.2026 (MT4129)", found), Grade::fail);
  EXPECT_EQ(of_agreed("network_firmware", "22.43.2026 (MT4129) or 28.43.2026 (MT4129)", found), Grade::fail)
      << "that of another card";
}

TEST(GradeOneOf, LettersMayBeInEitherCase) {
  EXPECT_EQ(of_agreed("vbios", "96.00.a5.00.03", "96.00.A5.00.03"), Grade::pass);
  EXPECT_EQ(of_agreed("vbios", "96.00.A5.00.03", "96.00.A5.00.0"), Grade::fail);
}

TEST(GradeOneOf, WhatIsInBracketsIsTheVersionsOwn) {
  EXPECT_EQ(of_agreed("bios", "2.1", "2.1 (beta)"), Grade::fail);
}

}  // namespace
}  // namespace assay
