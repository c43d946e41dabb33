#include "reports/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace assay::reports {
namespace {

TEST(Format, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(number(17), "17");
  EXPECT_EQ(number(-0.5), "-0.5");
  EXPECT_EQ(number(4287.414), "4287.4");
  EXPECT_EQ(number(143771), "143771");
  EXPECT_EQ(number(1.5e-7), "1.5e-07");
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(Format, NeverRoundsAValueOntoTheLimitItBreaks) {
  EXPECT_EQ(number(3999.996), "4000.0");
  EXPECT_EQ(number_apart(3999.996, 4000), "3999.996");
  EXPECT_EQ(number_apart(4000.0 - 1e-9, 4000), "3999.999999999");
  EXPECT_EQ(number_apart(4000, 4000), "4000");
}

TEST(Format, ShowsValuesOfEveryKind) {
  EXPECT_EQ(value_text(std::string("96.00")), "96.00");
  EXPECT_EQ(value_text(true), "true");
  EXPECT_EQ(with_unit("61", "degC"), "61 °C");
  EXPECT_EQ(with_unit("17", "1"), "17");
}

TEST(Format, ShortensHashesAndTimes) {
  EXPECT_EQ(short_hash("sha256:0123456789abcdef"), "sha256:0123456789ab");
  EXPECT_EQ(short_hash(""), "");
  EXPECT_EQ(time_text("2026-01-15T08:30:00.125Z"), "2026-01-15 08:30:00 UTC");
  EXPECT_EQ(time_text("2026-01-15T08:30:00+08:00"), "2026-01-15 08:30:00 +08:00");
  EXPECT_EQ(time_text(""), "");
  EXPECT_EQ(time_text("yesterday"), "yesterday");
}

}  // namespace
}  // namespace assay::reports
