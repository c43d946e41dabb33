#include "harness/base/hex.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay {
namespace {

TEST(Hex, CarriesEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(to_hex(std::string("\0\x1f\xff", 3)), "001fff");
  EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, RefusesWhatIsNone) {
  for (const char* text : {"0", "0g", "-1", " 1", "0x"})
    EXPECT_THROW(from_hex(text), std::invalid_argument) << text;
}

TEST(Hex, NumbersAreReadAsTheyAreWrittenAndNotOtherwise) {
  EXPECT_EQ(number_from_hex("0x0"), 0u);
  EXPECT_EQ(number_from_hex("0x9e3779b97f4a7c15"), 0x9e3779b97f4a7c15u);
  for (const char* wrong : {"", "0x", "9e", "-0x1", "0x-1", " 0x1", "0x1 ", "0x1g", "0x10000000000000000"})
    EXPECT_THROW(number_from_hex(wrong), std::invalid_argument) << wrong;
}

}  // namespace
}  // namespace assay
