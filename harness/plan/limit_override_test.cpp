// A test for each line of the table in docs/limits.md.
#include "harness/plan/limit_override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harness/testing/run_builder.h"

namespace assay {
namespace {

using namespace builders;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LimitOverride : public testing::Test {
 protected:
  Limit& bandwidth(LimitKind kind = LimitKind::min) { return limit_of(criteria, "copy_bandwidth", kind); }

  /// Gives the limit another value and says what came of it: "" or the objection.
  template <typename Change>
  std::string with(Limit limit, Change change) {
    change(limit);
    return with(limit);
  }
  std::string with(const Limit& limit) {
    Criteria changed = criteria;
    try {
      override_limits(changed, {limit});
    } catch (const LimitError& error) {
      return error.what();
    }
    remembered = changed.replaced_limits;
    return "";
  }
  /// Whether a limit of a finding of this class can be changed so.
  template <typename Change>
  std::string with_class(FindingClass cls, const Limit& limit, Change change) {
    const FindingClass before = kind_of(criteria, limit.finding).cls;
    kind_of(criteria, limit.finding).cls = cls;
    std::string objection = with(limit, change);
    kind_of(criteria, limit.finding).cls = before;
    return objection;
  }

  static constexpr FindingClass kNeverLoosened[] = {FindingClass::corruption, FindingClass::device_fault,
                                                    FindingClass::incomplete, FindingClass::environment,
                                                    FindingClass::condition};

  Criteria criteria = sample_criteria();
  std::vector<std::string> remembered;
};

/// A value that is made what it would be at ten times the clock keeps any limit.
TEST_F(LimitOverride, AtAnotherReadingALimitStandsBesideTheOldOne) {
  Limit& before = bandwidth();
  before.per = "sm_clock_steady";
  before.at = 1980;
  Limit other = before;
  other.at = 19800;
  Criteria changed = criteria;
  override_limits(changed, {other});
  EXPECT_EQ(changed.limits.size(), criteria.limits.size() + 1);
  other.at = before.at;
  override_limits(changed, {other});
  EXPECT_EQ(changed.limits.size(), criteria.limits.size() + 1);
}

TEST_F(LimitOverride, AFirstLimitIsNoExcuse) {
  Limit first = limit_of(criteria, "copy_bandwidth", LimitKind::min);
  first.measurement = "triad_bandwidth";
  for (const FindingClass cls : {FindingClass::environment, FindingClass::incomplete}) {
    EXPECT_THAT(with_class(cls, first, [](Limit&) {}), HasSubstr("accuses no part"));
  }
  for (const FindingClass cls :
       {FindingClass::performance, FindingClass::condition, FindingClass::device_fault}) {
    EXPECT_EQ(with_class(cls, first, [](Limit&) {}), "");
  }
}

/// One that is held in the steps of one check replaces only the one that is.
TEST_F(LimitOverride, DuringACheckIsALimitOfItsOwn) {
  Limit during = bandwidth();
  during.during = "memory.sweep";
  criteria.limits.push_back(during);
  EXPECT_EQ(with(during, [](Limit& l) { l.bound = 3000.0; }), "");
  EXPECT_THAT(remembered, ElementsAre("memory.bandwidth/copy_bandwidth min during memory.sweep"));
  EXPECT_EQ(with(bandwidth(), [](Limit& l) { l.bound = 3000.0; }), "");
  EXPECT_THAT(remembered, ElementsAre("memory.bandwidth/copy_bandwidth min"));
}

TEST_F(LimitOverride, AnExcessOverPeersIsLoosenedUpwards) {
  Limit& limit = bandwidth(LimitKind::peer_ratio);
  limit.kind = LimitKind::peer_excess;
  limit.bound = 300.0;
  for (const FindingClass cls : kNeverLoosened) {
    EXPECT_EQ(with_class(cls, limit, [](Limit& l) { l.bound = 200.0; }), "");
    EXPECT_NE(with_class(cls, limit, [](Limit& l) { l.bound = 400.0; }), "");
  }
  EXPECT_EQ(with(limit, [](Limit& l) { l.bound = 400.0; }), "");
}

TEST_F(LimitOverride, PerformanceIsLoosenedAndRemembered) {
  EXPECT_EQ(with(bandwidth(), [](Limit& l) { l.bound = 3000.0; }), "");
  EXPECT_THAT(remembered, ElementsAre("memory.bandwidth/copy_bandwidth min"));
  EXPECT_EQ(with(bandwidth(), [](Limit& l) { l.marginal_bound.reset(); }), "");
  EXPECT_EQ(with(bandwidth(LimitKind::peer_ratio), [](Limit& l) { l.scale_floor = 900; }), "");
}

TEST_F(LimitOverride, AnythingIsTightenedAndRemembered) {
  for (const FindingClass cls : kNeverLoosened) {
    EXPECT_EQ(with_class(cls, bandwidth(), [](Limit& l) { l.bound = 3950.0; }), "");
    EXPECT_EQ(with_class(cls, bandwidth(), [](Limit& l) { l.marginal_bound = 4050.0; }), "");
  }
  EXPECT_EQ(with(limit_of(criteria, "ecc_uncorrected_dram_delta", LimitKind::max),
                 [](Limit& l) { l.bound = -1.0; }),
            "");
  EXPECT_THAT(remembered, ElementsAre("telemetry/ecc_uncorrected_dram_delta max"));
}

TEST_F(LimitOverride, NothingButPerformanceIsLoosened) {
  for (const FindingClass cls : kNeverLoosened) {
    const auto refused = HasSubstr("tightened, not loosened");
    EXPECT_THAT(with_class(cls, bandwidth(), [](Limit& l) { l.bound = 3899.0; }), refused);
    EXPECT_THAT(
        with_class(cls, limit_of(criteria, "inlet", LimitKind::max), [](Limit& l) { l.bound = 36.0; }),
        refused);
    EXPECT_THAT(
        with_class(cls, limit_of(criteria, "present", LimitKind::equal), [](Limit& l) { l.bound = 0.0; }),
        refused);
    EXPECT_THAT(with_class(cls, bandwidth(LimitKind::peer_ratio), [](Limit& l) { l.bound = 0.9; }), refused);
  }
}

TEST_F(LimitOverride, AFindingThatTheCatalogueLacksIsNoPerformance) {
  bandwidth().finding = "future.code";
  EXPECT_NE(with(bandwidth(), [](Limit& l) { l.bound = 3000.0; }), "");
}

TEST_F(LimitOverride, TheMarginalBandIsPartOfTheLimit) {
  for (const FindingClass cls : kNeverLoosened) {
    EXPECT_NE(with_class(cls, bandwidth(), [](Limit& l) { l.marginal_bound.reset(); }), "");
    EXPECT_NE(with_class(cls, bandwidth(), [](Limit& l) { l.marginal_bound = 3950.0; }), "");
    EXPECT_EQ(with_class(cls, bandwidth(),
                         [](Limit& l) {
                           l.bound = 4000.0;
                           l.marginal_bound.reset();
                         }),
              "")
        << "what was marginal fails";
  }
}

TEST_F(LimitOverride, TheScaleFloorIsPartOfTheLimit) {
  for (const FindingClass cls : kNeverLoosened) {
    EXPECT_NE(with_class(cls, bandwidth(LimitKind::peer_ratio), [](Limit& l) { l.scale_floor = 51; }), "");
    EXPECT_EQ(with_class(cls, bandwidth(LimitKind::peer_ratio), [](Limit& l) { l.scale_floor = 49; }), "");
  }
}

TEST_F(LimitOverride, AnAbsoluteLimitThatThePeersRestOnIsNotLoosened) {
  criteria.findings.push_back(kind_of(criteria, "memory.slow"));
  criteria.findings.back().code = "memory.uneven";
  criteria.findings.back().cls = FindingClass::condition;
  bandwidth(LimitKind::peer_ratio).finding = "memory.uneven";
  EXPECT_THAT(with(bandwidth(), [](Limit& l) { l.bound = 3000.0; }), HasSubstr("memory.uneven"));
  EXPECT_EQ(with(bandwidth(), [](Limit& l) { l.bound = 3950.0; }), "");
}

TEST_F(LimitOverride, AFirstAbsoluteLimitBesideThePeersIsALooserOne) {
  Limit minimum = bandwidth();
  criteria.limits.erase(criteria.limits.begin() + (&bandwidth() - criteria.limits.data()));
  EXPECT_EQ(with(minimum), "");
  kind_of(criteria, "memory.slow").cls = FindingClass::condition;
  EXPECT_NE(with(minimum), "");
}

TEST_F(LimitOverride, ALimitIsAddedAndRemembered) {
  Limit most = bandwidth();
  most.kind = LimitKind::max;
  most.bound = 4800.0;
  most.marginal_bound.reset();
  EXPECT_EQ(with(most), "");
  EXPECT_THAT(remembered, ElementsAre("memory.bandwidth/copy_bandwidth max"));
  Limit first = most;
  first.measurement = "triad_bandwidth";
  first.finding = "memory.miscompare";
  EXPECT_EQ(with(first), "") << "what had no limit can be given one";
}

TEST_F(LimitOverride, WhatALimitMeansStays) {
  const auto refused = HasSubstr("not what they mean");
  EXPECT_THAT(with(bandwidth(), [](Limit& l) { l.finding = "environment.hot_inlet"; }), refused);
  EXPECT_THAT(with(bandwidth(),
                   [](Limit& l) {
                     l.kind = LimitKind::max;
                     l.finding = "environment.hot_inlet";
                   }),
              refused)
      << "an excuse that is planted beside the limit";
  EXPECT_THAT(with(bandwidth(), [](Limit& l) { l.unit = Unit::count; }), refused);
  EXPECT_THAT(with(limit_of(criteria, "present", LimitKind::equal), [](Limit& l) { l.bound = "1"; }),
              refused);
}

TEST_F(LimitOverride, ALimitIsAFiniteNumber) {
  for (const double no_number :
       {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(with(bandwidth(), [&](Limit& l) { l.bound = no_number; }), HasSubstr("finite"));
    EXPECT_THAT(with(bandwidth(), [&](Limit& l) { l.marginal_bound = no_number; }), HasSubstr("finite"));
    EXPECT_THAT(with(bandwidth(LimitKind::peer_ratio), [&](Limit& l) { l.scale_floor = no_number; }),
                HasSubstr("finite"));
  }
}

TEST_F(LimitOverride, TheSkusOwnLimitIsNoReplacement) {
  EXPECT_EQ(with(bandwidth()), "");
  EXPECT_THAT(remembered, IsEmpty());
  EXPECT_EQ(with(bandwidth(), [](Limit& l) { l.source = "another"; }), "");
  EXPECT_THAT(remembered, testing::SizeIs(1));
}

TEST_F(LimitOverride, OneThatIsReplacedTwiceIsRememberedOnce) {
  Limit lower = bandwidth(), lowest = bandwidth();
  lower.bound = 3500.0;
  lowest.bound = 3000.0;
  override_limits(criteria, {lower, lowest});
  EXPECT_THAT(criteria.replaced_limits, testing::SizeIs(1));
  EXPECT_EQ(std::get<double>(bandwidth().bound), 3000.0);
}

TEST_F(LimitOverride, AStepAtATimeIsNoWayRoundEither) {
  Limit tighter = limit_of(criteria, "inlet", LimitKind::max), looser = tighter;
  tighter.bound = 30.0;
  looser.bound = 40.0;
  EXPECT_THROW(override_limits(criteria, {tighter, looser}), LimitError);
}

}  // namespace
}  // namespace assay
