#include "harness/kernel_log/before.h"

#include <gtest/gtest.h>

namespace assay::kernel_log {
namespace {

KernelEvent event(int number, KernelEvent::Meaning meaning) {
  KernelEvent result;
  result.number = number;
  result.meaning = meaning;
  return result;
}

TEST(Before, KeepsTheFirstOfEachKindAndCountsTheRest) {
  Before before;
  before.add({event(31, KernelEvent::Meaning::counts), event(31, KernelEvent::Meaning::counts)}, 0);
  ASSERT_EQ(before.events().size(), 1u);
  EXPECT_EQ(before.events()[0].more, 1);
}

TEST(Before, NoFaultIsLostBehindWhatMeansNothing) {
  std::vector<KernelEvent> events;
  for (int number = 1; number <= 300; ++number) events.push_back(event(number, KernelEvent::Meaning::none));
  events.push_back(event(95, KernelEvent::Meaning::fatal));
  Before before;
  before.add(std::move(events), 7);
  ASSERT_EQ(before.events().size(), Before::kMostKinds);
  EXPECT_EQ(before.events()[0].number, 95);
  EXPECT_EQ(before.events()[0].more, 0) << "what is counted is its own";
  EXPECT_EQ(before.more(), 301 - static_cast<std::int64_t>(Before::kMostKinds) + 7);
}

}  // namespace
}  // namespace assay::kernel_log
