#include "harness/model/values.h"

#include <gtest/gtest.h>

#include <limits>

#include "harness/model/time.h"

namespace assay {
namespace {

TEST(Rfc3339, IsUtcWithNanoseconds) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(rfc3339(951'782'400 * kSecond + 5), "2000-02-29T00:00:00.000000005Z");
  EXPECT_EQ(rfc3339(951'782'400 * kSecond + 6), "2000-02-29T00:00:00.000000006Z");  // from the kept date
}

TEST(Portable, LeavesWhatEveryReaderUnderstands) {
  const std::int64_t exact = std::int64_t{1} << 53;
  const nlohmann::json j{{"a", exact}, {"b", -exact}, {"c", {1.5, true, nullptr, "x"}}};
  EXPECT_EQ(portable(j), j);
}

TEST(Portable, WritesWideIntegersAsText) {
  EXPECT_EQ(portable(std::numeric_limits<std::uint64_t>::max()), "0xffffffffffffffff");
  EXPECT_EQ(portable((std::uint64_t{1} << 53) + 1), "0x0020000000000001");
  EXPECT_EQ(portable(std::numeric_limits<std::int64_t>::min()), "-0x8000000000000000");
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-3}, (std::int64_t{1} << 53) + 1,
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(integer_from_portable(portable(number)), number);
  }
  for (const char* wrong : {"0xffffffffffffffff", "12 apples", ""}) {
    EXPECT_THROW(integer_from_portable(wrong), std::logic_error) << wrong;
  }
}

TEST(ValueFromJson, NanIsAWordWhereTheUnitIsText) {
  EXPECT_TRUE(std::holds_alternative<std::string>(value_from_json("NaN", "text")));
  EXPECT_TRUE(std::holds_alternative<double>(value_from_json("NaN", "GB/s")));
  EXPECT_EQ(value_from_json(7, "1"), Value(7.0));
  EXPECT_EQ(value_from_json(true, "1"), Value(true));
  EXPECT_THROW(value_from_json(nullptr, "1"), std::invalid_argument);
  EXPECT_THROW(value_from_json({1}, "1"), std::invalid_argument);
}

}  // namespace
}  // namespace assay
