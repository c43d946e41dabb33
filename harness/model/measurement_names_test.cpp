#include "harness/model/measurement_names.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(MeasurementNames, AreTheIdentifierInEnglish) {
  EXPECT_EQ(name_of_measurement("links_downed", "en"), "links_downed");
}

TEST(MeasurementNames, HaveTheReadersWordsBeforeTheIdentifier) {
  EXPECT_EQ(name_of_measurement("links_downed", "zh-CN"), "网口链路断开次数（links_downed）");
  EXPECT_EQ(name_of_measurement("acs_redirects", "zh-CN"), "ACS 重定向端口数（acs_redirects）")
      << "the first";
  EXPECT_EQ(name_of_measurement("xid_count", "zh-CN"), "Xid 数量（xid_count）") << "the last";
}

TEST(MeasurementNames, OfNobodysMeasurementAreItsIdentifier) {
  EXPECT_EQ(name_of_measurement("zzz", "zh-CN"), "zzz");
  EXPECT_EQ(name_of_measurement("", "zh-CN"), "");
}

}  // namespace
}  // namespace assay
