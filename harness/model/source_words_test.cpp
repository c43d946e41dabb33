#include "harness/model/source_words.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(SourceWords, AreAsTheyAreInEnglish) {
  EXPECT_EQ(source_in("none published: set by this project", "en"), "none published: set by this project");
}

TEST(SourceWords, OfThisProjectAreTranslatedWithWhatStandsBehindThem) {
  EXPECT_EQ(source_in("none published: set by this project", "zh-CN"), "无公开数据，由本项目设定");
  EXPECT_EQ(source_in("none published: set by this project, 2026-11-28", "zh-CN"),
            "无公开数据，由本项目设定, 2026-11-28");
  EXPECT_EQ(source_in("GPUs of one make find the same bits on the same data by the same kernels", "zh-CN"),
            "同型号 GPU 用相同核函数对相同数据得到逐位相同的结果")
      << "the longest that it begins with";
}

TEST(SourceWords, OfOthersAreCitedAsTheyAre) {
  for (const char* source : {"NVIDIA H200 datasheet: up to 700 W", "as of a GPUs' maker", ""})
    EXPECT_EQ(source_in(source, "zh-CN"), source);
}

}  // namespace
}  // namespace assay
