#include "suites/collective/meeting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::collective {
namespace {

using testing::HasSubstr;

const HungRank kOther{12, -1, ""};

TEST(CollectiveMeeting, WhomRasAccusesIsAccusedIfItHasAskedForAsMuchAsAnybody) {
  const HungRank found = all_considered({HungRank{12, 2, "rank 2 has begun 11"}, kOther, kOther});
  EXPECT_EQ(found.culprit, 2);
  EXPECT_EQ(found.why, "rank 2 has begun 11");
}

TEST(CollectiveMeeting, WhoHasAskedForLessWaitsInOneBefore) {
  const HungRank found = all_considered({HungRank{12, 1, "rank 1 has begun 9"}, HungRank{9, -1, ""}, kOther});
  EXPECT_EQ(found.culprit, -1);
  EXPECT_THAT(found.why, HasSubstr("waits in one before"));
}

TEST(CollectiveMeeting, WhoDoesNotHangIsNotIt) {
  EXPECT_EQ(all_considered({HungRank{12, 1, "rank 1"}, std::nullopt, kOther}).culprit, -1);
}

TEST(CollectiveMeeting, OneAnswerIsEnough) {
  const HungRank found =
      all_considered({HungRank{12, -1, "nobody listens"}, HungRank{12, 0, "rank 0"}, kOther});
  EXPECT_EQ(found.culprit, 0);
  EXPECT_EQ(found.why, "rank 0");
}

TEST(CollectiveMeeting, WhereNobodyKnowsNobodyIsAccused) {
  EXPECT_EQ(all_considered({HungRank{12, -1, "nobody listens"}, kOther}).culprit, -1);
  EXPECT_EQ(all_considered({HungRank{12, 7, "a rank that is none"}, kOther}).culprit, -1);
}

}  // namespace
}  // namespace assay::collective
