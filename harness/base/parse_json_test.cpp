#include "harness/base/parse_json.h"

#include <gtest/gtest.h>

#include <string>

namespace assay {
namespace {

std::string nested(std::size_t depth, char open, char close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open == '{' ? "{\"a\":" : "[";
  text += "1";
  return text + std::string(depth, close);
}

TEST(ParseJson, ReadsWhatIsJson) {
  EXPECT_EQ(parse_json(R"({"a": [1, "]]]\"["]})").at("a").size(), 2u);
  EXPECT_THROW(parse_json("{"), JsonError);
  EXPECT_THROW(parse_json("1e999"), JsonError);
}

TEST(ParseJson, DepthIsBounded) {
  constexpr auto kMost = static_cast<std::size_t>(kMaxJsonDepth);
  EXPECT_NO_THROW(parse_json(nested(kMost, '[', ']')));
  EXPECT_NO_THROW(parse_json(nested(kMost, '{', '}')));
  for (const std::size_t depth : {kMost + 1, std::size_t{200'000}}) {
    EXPECT_THROW(parse_json(nested(depth, '[', ']')), JsonError);
    EXPECT_THROW(parse_json(nested(depth, '{', '}')), JsonError);
  }
}

TEST(ParseJson, BracketsInStringsAreNoDepth) {
  EXPECT_NO_THROW(parse_json("\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\""));
}

TEST(IntFrom, TakesWholeNumbersThatFit) {
  EXPECT_EQ(int_from(parse_json("-3")), -3);
  for (const char* bad :
       {"2147483648", "-2147483649", "18446744073709551615", "1e30", "1.5", "\"1\"", "null"}) {
    EXPECT_THROW(int_from(parse_json(bad)), JsonError) << bad;
  }
}

}  // namespace
}  // namespace assay
