#include "suites/collective/meeting.h"

#include <gtest/gtest.h>

namespace assay::collective {
namespace {

TEST(CollectiveMeeting, WhoHasAskedForAsMuchAsAnybodyHasLostWhatNcclDoesNotKnow) {
  const std::vector<std::string> brought{"hung after 12", "hung after 12", "hung after 12"};
  for (const int rank : {0, 1, 2}) EXPECT_TRUE(has_asked_for_all(brought, rank)) << rank;
}

TEST(CollectiveMeeting, WhoHasAskedForLessWaitsInOneBefore) {
  const std::vector<std::string> brought{"hung after 12", "hung after 9", "hung after 12"};
  EXPECT_FALSE(has_asked_for_all(brought, 1));
  EXPECT_TRUE(has_asked_for_all(brought, 2));
}

TEST(CollectiveMeeting, WhoDoesNotHangIsNotIt) {
  EXPECT_FALSE(has_asked_for_all({"hung after 12", "[0.5]"}, 1));
  EXPECT_TRUE(has_asked_for_all({"hung after 12", "[0.5]"}, 0));
}

}  // namespace
}  // namespace assay::collective
