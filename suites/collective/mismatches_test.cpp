#include "suites/collective/mismatches.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace assay::collective {
namespace {

nccl::Request of(nccl::Collective collective, std::uint64_t count) {
  nccl::Request request;
  request.collective = collective;
  request.count = count;
  return request;
}

std::string told(const Mismatches& wrong, int channels = 0) {
  return text_of(wrong, layout_of(wrong, of(nccl::Collective::all_reduce, 1000), channels));
}

Mismatches at(const std::vector<std::uint64_t>& elements) {
  Mismatches wrong;
  wrong.count = elements.size();
  for (const std::uint64_t element : elements) wrong.first.push_back({element, 0, 1});
  return wrong;
}

TEST(CollectiveMismatches, AreToldWithTheFirstOfThemAndItsBits) {
  Mismatches wrong;
  wrong.count = 1;
  wrong.first = {{17, 0x3f00, 0x3f80}};
  EXPECT_EQ(told(wrong), "1 elements wrong, the first 17: 0x3f80 where 0x3f00 should be, bits 7");
}

TEST(CollectiveMismatches, AreToldWithTheirStride) {
  Mismatches wrong;
  wrong.count = 12;
  wrong.first = {{17, 0x10, 0x11}, {25, 0x20, 0x22}, {41, 0x30, 0x30 ^ 0x8}};
  EXPECT_EQ(
      told(wrong),
      "12 elements wrong, the first 17: 0x11 where 0x10 should be, bits 0 1 3, always a multiple of 8 apart");
}

TEST(CollectiveMismatches, ThatLieNextToOneAnotherHaveNoStride) {
  Mismatches wrong;
  wrong.count = 3;
  wrong.first = {{8, 0, 1}, {16, 0, 1}, {17, 0, 1}};
  EXPECT_EQ(told(wrong),
            "3 elements wrong, the first 8: 0x1 where 0x0 should be, bits 0, up to 2 next to one another");
}

TEST(CollectiveMismatches, OfManyBitsAreToldHowMany) {
  Mismatches wrong;
  wrong.count = 2;
  wrong.first = {{0, 0xffff0000, 0}, {1, 0, std::uint64_t{1} << 63}};
  EXPECT_EQ(told(wrong),
            "2 elements wrong, the first 0: 0x0 where 0xffff0000 should be, 17 bits of them, up to 2 next to "
            "one another");
}

TEST(CollectiveMismatches, AroundABufferAreToldByThemselvesOrOnTop) {
  Mismatches wrong;
  wrong.outside = 2;
  EXPECT_EQ(told(wrong), "2 words around it changed");
  wrong.count = 1;
  wrong.first = {{0, 1, 3}};
  EXPECT_EQ(
      told(wrong),
      "1 elements wrong, and 2 words around them changed, the first 0: 0x3 where 0x1 should be, bits 1");
}

TEST(CollectiveMismatches, AreCountedByRuns) {
  const Layout layout = layout_of(at({3, 4, 5, 9, 20, 21}), of(nccl::Collective::all_reduce, 100), 0);
  EXPECT_EQ(layout.runs, 3u);
  EXPECT_EQ(layout.longest_run, 3u);
  EXPECT_EQ(layout.stride, 1u);
}

TEST(CollectiveMismatches, OfOneChannelAreToldWithIt) {
  EXPECT_EQ(
      told(at({250, 300, 374}), 8),
      "3 elements wrong, the first 250: 0x1 where 0x0 should be, bits 0, always a multiple of 2 apart, all "
      "in channel 2 of 8");
  EXPECT_EQ(told(at({250, 300, 376}), 8),
            "3 elements wrong, the first 250: 0x1 where 0x0 should be, bits 0, always a multiple of 2 apart");
}

TEST(CollectiveMismatches, OfWhatIsGatheredAreInAChannelOfEveryBlock) {
  const nccl::Request request = of(nccl::Collective::all_gather, 80);
  const Layout layout = layout_of(at({75, 155, 235}), request, 8);
  EXPECT_EQ(layout.channel, 7u);
  EXPECT_EQ(layout.block, std::nullopt);
  EXPECT_EQ(layout_of(at({161, 170}), request, 8).block, 2u);
}

}  // namespace
}  // namespace assay::collective
