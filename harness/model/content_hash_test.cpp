#include "harness/model/content_hash.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

using nlohmann::json;

TEST(ContentHash, IsSha256OverTheSortedText) {
  // FIPS 180-4's algorithm over the two characters {}
  EXPECT_EQ(content_hash(json::object()),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  EXPECT_EQ(content_hash(json::parse(R"({"b":1,"a":2})")), content_hash(json::parse(R"({"a":2,"b":1})")));
  EXPECT_NE(content_hash(json::parse(R"({"a":1})")), content_hash(json::parse(R"({"a":2})")));
}

TEST(ContentHash, SurvivesTextThatIsNoUtf8) {
  const json bad = "\xff";
  EXPECT_EQ(content_hash(bad), content_hash(json("\ufffd")));
}

}  // namespace
}  // namespace assay
