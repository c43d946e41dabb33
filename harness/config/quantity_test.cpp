#include "harness/config/quantity.h"

#include <gtest/gtest.h>

namespace assay::config {
namespace {

std::string error_of(const std::string& text, Unit expected) {
  std::string error;
  EXPECT_FALSE(parse_quantity(text, expected, error).has_value()) << text;
  return error;
}

TEST(Quantity, HasExactlyTheExpectedUnit) {
  std::string error;
  EXPECT_EQ(parse_quantity("3800 GB/s", Unit::gb_per_s, error), 3800.0);
  EXPECT_EQ(parse_quantity("-4.5 degC", Unit::celsius, error), -4.5);
  EXPECT_EQ(parse_quantity("5e-3 ms", Unit::milliseconds, error), 0.005);
  EXPECT_EQ(error, "");
}

TEST(Quantity, SaysWhatIsExpected) {
  EXPECT_EQ(error_of("3.6 TB/s", Unit::gb_per_s),
            "\"3.6 TB/s\" is in 'TB/s': GB/s is expected, such as \"3800 GB/s\"");
  EXPECT_EQ(error_of("700", Unit::watts), "\"700\" has no unit: W is expected, such as \"700 W\"");
  EXPECT_EQ(error_of("fast", Unit::gb_per_s),
            "\"fast\" does not begin with a number and one space: GB/s is expected, such as \"3800 GB/s\"");
  EXPECT_NE(error_of("5 S", Unit::seconds), "");
  EXPECT_NE(error_of("5  s", Unit::seconds), "");
  EXPECT_NE(error_of("5s", Unit::seconds), "");
}

TEST(Quantity, NumbersAreFiniteDecimals) {
  for (const char* text :
       {"", "nan", "inf", "0x10", "1e999", "1 ", " 1", "1,5", "1.2.3", "e", "-", "+-5", "+"}) {
    EXPECT_FALSE(parse_number(text).has_value()) << text;
  }
  EXPECT_EQ(parse_number("0.5"), 0.5);
}

TEST(Quantity, AnyUnitThatExists) {
  const auto power = parse_quantity("700 W");
  ASSERT_TRUE(power.has_value());
  EXPECT_EQ(power->value, 700);
  EXPECT_EQ(power->unit, Unit::watts);
  EXPECT_FALSE(parse_quantity("700 kW").has_value());
  EXPECT_FALSE(parse_quantity("700 1").has_value());
  EXPECT_FALSE(parse_quantity("700 text").has_value());
}

TEST(Quantity, ExamplesParse) {
  for (const Unit unit : {Unit::ratio, Unit::gb_per_s, Unit::mebibytes, Unit::bytes, Unit::seconds,
                          Unit::milliseconds, Unit::celsius, Unit::watts, Unit::megahertz, Unit::gt_per_s}) {
    std::string error;
    EXPECT_TRUE(parse_quantity(std::string(example(unit)), unit, error).has_value()) << error;
  }
}

TEST(Date, IsOneOfTheCalendar) {
  for (const char* good : {"2026-11-23", "2024-02-29", "2000-02-29", "2026-12-31"})
    EXPECT_TRUE(is_date(good)) << good;
  for (const char* bad : {"", "2026-11-31", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10",
                          "2026-01-00", "26-11-23", "2026/11/23", "2026-1-023", "2026-11-2x"}) {
    EXPECT_FALSE(is_date(bad)) << bad;
  }
}

}  // namespace
}  // namespace assay::config
