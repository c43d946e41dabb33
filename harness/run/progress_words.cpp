#include "harness/run/progress_words.h"

namespace assay::run {
namespace {

constexpr ProgressWords kEnglish{"[{at}/{stages}] {check}{attempt} on {where} - about {left} left",
                                 "[{at}/{stages}] {check} {bar} {percent:3.0f} %  about {left} left",
                                 "[{at}/{stages}] {check}: {result} in {seconds:.1f} s",
                                 ", attempt {attempt}",
                                 "{count} parts",
                                 " ({count} ranks, functional only)",
                                 " of simulated time",
                                 "measured",
                                 "{count} step(s) did not complete",
                                 "{h} h {min:02} min",
                                 "{min} min {s:02} s",
                                 "{s} s"};

constexpr ProgressWords kChinese{"[{at}/{stages}] {check}{attempt}：{where}，约剩 {left}",
                                 "[{at}/{stages}] {check} {bar} {percent:3.0f} %  约剩 {left}",
                                 "[{at}/{stages}] {check}：{result}，用时 {seconds:.1f} 秒",
                                 "（第 {attempt} 次）",
                                 "{count} 个部件",
                                 "（每 GPU {count} 个 rank，仅功能验证）",
                                 "（模拟时间）",
                                 "已测量",
                                 "{count} 个步骤未完成",
                                 "{h} 小时 {min:02} 分",
                                 "{min} 分 {s:02} 秒",
                                 "{s} 秒"};

}  // namespace

const ProgressWords& progress_words(std::string_view language) {
  return language == "zh-CN" ? kChinese : kEnglish;
}

}  // namespace assay::run
