#include "harness/run/rank_exchange.h"

#include <gtest/gtest.h>

namespace assay::run {
namespace {

const Error kTimeout{"harness.step_timeout", "", "gpu1", ""};
const Error kCrash{"harness.worker_crashed", "", "gpu1", ""};
const Error kVictim{kVictimOfAnotherRank, "", "gpu1", ""};

std::string symptom(const std::optional<Error>& error) {
  return error ? error->symptom.text() : "";
}

TEST(RankExchange, EndsWithTheLastAndBeginsAnew) {
  RankExchange exchange(3);
  EXPECT_FALSE(exchange.bring(2, "c"));
  EXPECT_FALSE(exchange.bring(0, std::string("\0\xff", 2)));
  EXPECT_TRUE(exchange.waits(0));
  EXPECT_FALSE(exchange.waits(1));
  const auto all = exchange.bring(1, "");
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, (std::vector<std::string>{std::string("\0\xff", 2), "", "c"}));
  EXPECT_FALSE(exchange.anybody_waits());
  EXPECT_FALSE(exchange.bring(0, "again"));
}

TEST(RankExchange, NobodyComesTwice) {
  RankExchange exchange(2);
  exchange.bring(0, "");
  EXPECT_THROW(exchange.bring(0, ""), std::logic_error);
  EXPECT_THROW(exchange.bring(2, ""), std::out_of_range);
}

TEST(RankExchange, OfOneRankIsOverAtOnce) {
  RankExchange exchange(1);
  EXPECT_EQ(*exchange.bring(0, "me"), std::vector<std::string>{"me"});
}

TEST(RankExchange, WhoNeverCameIsNamedAndWhoWaitedIsNot) {
  RankExchange exchange(3);
  exchange.bring(0, "");
  exchange.bring(2, "");
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", kTimeout, false)), "harness.rank_missing");
  EXPECT_EQ(symptom(exchange.ended(0, "gpu0", kTimeout, false)), "");
  EXPECT_EQ(symptom(exchange.ended(2, "gpu2", kVictim, false)), "");
}

TEST(RankExchange, ATimeoutThatNobodyWaitedForIsATimeout) {
  RankExchange exchange(3);
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", kTimeout, false)), "harness.step_timeout");
}

TEST(RankExchange, OfSeveralOneThatHasSaidWhatIsWrongMayHangInWhatItLetsGoOf) {
  RankExchange exchange(2), alone(1);
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", kTimeout, true)), "");
  EXPECT_EQ(symptom(alone.ended(0, "gpu1", kTimeout, true)), "harness.step_timeout");
}

TEST(RankExchange, WhoEndsWhileOthersWaitIsMissedUnlessItSaidWhy) {
  RankExchange exchange(2);
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", std::nullopt, false)), "");
  exchange.bring(0, "");
  const auto missing = exchange.ended(1, "gpu1", std::nullopt, false);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->symptom, "harness.rank_missing");
  EXPECT_EQ(missing->part, "gpu1");
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", std::nullopt, true)), "");
}

TEST(RankExchange, RemembersWhoHasEnded) {
  RankExchange exchange(3);
  EXPECT_FALSE(exchange.gone());
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", std::nullopt, false)), "");
  EXPECT_EQ(exchange.gone(), 1u);
}

TEST(RankExchange, ACrashIsACrashWhoeverWaits) {
  RankExchange exchange(2);
  exchange.bring(1, "");
  EXPECT_EQ(symptom(exchange.ended(1, "gpu1", kCrash, false)), "harness.worker_crashed");
}

}  // namespace
}  // namespace assay::run
