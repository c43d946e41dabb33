// Perception: every result of a layer and of pooling is that of the direct sum on the host, and what is
// damaged is found where it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kernels/workloads/perception/perception.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads {
namespace {

// Numbers of allocations.
constexpr std::size_t kFeaturesOfPixels = 0, kPooled = 1;
constexpr std::size_t kInput = 5, kWeights = 6, kOutput = 7, kSampled = 9;

constexpr std::uint64_t kBinsSeed = memory::mix64(kData), kLayerSeed = memory::mix64(kData + 1);
constexpr Bins kBins{.frames = 2, .pixels = 60, .points_of_pixel = 5, .side = 9};
constexpr Layer kLayer{.images = 1,
                       .side = 7,
                       .channels = 32,
                       .filters = 64,
                       .filters_of_tile = 64,
                       .groups = 1,
                       .shift = 11,
                       .sampled_every = 5};

/// Zero beyond the image's edges.
int input_at(const Layer& layer, unsigned image, int y, int x, unsigned channel) {
  const int side = static_cast<int>(layer.side);
  if (y < 0 || x < 0 || y >= side || x >= side) return 0;
  const unsigned position =
      image * layer.plane() + static_cast<unsigned>(y) * layer.pitch() + static_cast<unsigned>(x);
  return signed_byte(random_bytes(kLayerSeed, layer.word(channel / 16, position)), channel % 16);
}
int weight_at(const Layer& layer, unsigned filter, unsigned tap, unsigned channel) {
  const std::uint64_t byte = layer.weight_byte(filter, tap, channel);
  return signed_byte(random_bytes(~kLayerSeed, byte / 16), byte % 16);
}
int direct_result(const Layer& layer, unsigned image, int y, int x, unsigned filter) {
  std::int32_t sum = 0;
  for (int tap = 0; tap < 9; ++tap) {
    for (unsigned channel = 0; channel < layer.channels; ++channel)
      sum += input_at(layer, image, y + tap / 3 - 1, x + tap % 3 - 1, channel) *
             weight_at(layer, filter, static_cast<unsigned>(tap), channel);
  }
  return result_of_sum(sum, layer.shift);
}

/// Every `apart`-th filter of all pixels, and the zeros between rows.
std::uint64_t wrong_results(const Layer& layer, const std::vector<Word128>& output, unsigned apart) {
  std::uint64_t wrong = 0;
  for (unsigned position = 0; position < layer.rows(); ++position) {
    const unsigned image = position / layer.plane(), in_image = position % layer.plane();
    const auto y = static_cast<int>(in_image / layer.pitch()), x = static_cast<int>(in_image % layer.pitch());
    for (unsigned filter = 0; filter < layer.filters; filter += apart) {
      const int due = layer.is_pixel(position) ? direct_result(layer, image, y, x, filter) : 0;
      wrong += signed_byte(output[layer.word(filter / 16, position)], filter % 16) != due ? 1 : 0;
    }
  }
  return wrong;
}

class PerceptionDeviceHalf : public testing::Test {
 protected:
  std::unique_ptr<Workload> made(const Layer& layer) { return make_perception(gpu_, {{layer}, kBins}); }
  std::string first_place(Workload& workload) {
    const Repetitions done = workload.repeat(1);
    return done.first_wrong.empty() ? "" : done.first_wrong[0].what;
  }

  memory::GpuInReach gpu_;
};

TEST(PerceptionResultsDeviceHalf, AreRoundedHalvesUpAndHeldWithin127) {
  const struct {
    std::int32_t sum;
    int due;
  } known[] = {{0, 0},          {511, 0},        {512, 1},        {-512, 0},        {-513, -1},
               {1535, 1},       {1536, 2},       {129535, 126},   {129536, 127},    {130560, 127},
               {-130048, -127}, {-131072, -127}, {75497472, 127}, {-75497472, -127}};
  for (const auto& one : known) EXPECT_EQ(result_of_sum(one.sum, 10), one.due) << one.sum;
}

TEST_F(PerceptionDeviceHalf, EveryResultOfALayerIsThatOfTheDirectSum) {
  for (Layer layer : {kLayer, Layer{3, 6, 64, 64, 64, 2, 12, 7}, Layer{1, 7, 192, 128, 128, 1, 13, 7},
                      Layer{2, 4, 32, 256, 128, 1, 11, 1}}) {
    memory::GpuInReach gpu;
    const auto workload = make_perception(gpu, {{layer}, kBins});
    const Repetitions done = workload->repeat(2);
    EXPECT_EQ(done.wrong_values, 0u) << layer.channels;
    EXPECT_EQ(done.by_hash.size(), 1u);
    auto output = gpu.download(kOutput, layer.output_words());
    EXPECT_EQ(wrong_results(layer, output, layer.channels > 64 ? 5 : 1), 0u) << layer.channels;
    // Nothing hides behind the comparison, and results have something to say.
    output[layer.word(1, 0)].low ^= 1;
    EXPECT_EQ(wrong_results(layer, output, 16), 1u);
    std::map<int, int> count;
    for (unsigned i = 0; i < 16 * layer.side; ++i)
      ++count[signed_byte(output[layer.word(0, i / 16)], i % 16)];
    EXPECT_GT(count.size(), 20u);
  }
}

TEST_F(PerceptionDeviceHalf, ADamagedInputShowsInTheSumsAboutIt) {
  const auto workload = made(kLayer);
  gpu_.flip(kInput, kLayer.word(0, 2 * kLayer.pitch() + 3), sizeof(Word128), 45);
  const Repetitions done = workload->repeat(1);
  // The nine pixels about it, and of these the results that are looked at.
  EXPECT_GE(done.wrong_values, 9u);
  EXPECT_EQ(done.first_wrong[0].what.substr(0, 49), "layer 1: sum over filters 0 and on of image 0, ro");
}

TEST_F(PerceptionDeviceHalf, ADamagedWeightShowsInAllSums) {
  const auto workload = made(kLayer);
  gpu_.flip(kWeights, kLayer.weight_byte(17, 4, 9), 1, 6);
  EXPECT_GT(workload->repeat(1).wrong_values, 40u) << "where the input is no zero";
}

TEST_F(PerceptionDeviceHalf, AResultThatIsNotAsStoredElsewhereIsNamed) {
  const auto workload = made(kLayer);
  constexpr unsigned kSample = 3;  // position 15: row 1, column 7, which is the zero behind it
  gpu_.flip(kSampled, kLayer.samples() * 2 + kSample, sizeof(Word128), 3);
  const Repetitions done = workload->repeat(1);
  EXPECT_EQ(done.wrong_values, 1u);
  EXPECT_EQ(done.first_wrong.at(0).what, "layer 1: filters 32 and on of image 0, row 1, column 7");
}

TEST_F(PerceptionDeviceHalf, PooledFeaturesAreThoseOfTheDirectSum) {
  const auto workload = made(kLayer);
  EXPECT_EQ(workload->repeat(1).wrong_values, 0u);
  const auto words = gpu_.download(kPooled, kBins.pooled_words());
  std::vector<std::int32_t> due(std::size_t{kBins.frames} * kBins.cells() * kCellFeatures);
  std::int64_t all_due = 0, all = 0;  // over all cells, as over all points
  for (unsigned frame = 0; frame < kBins.frames; ++frame) {
    for (unsigned pixel = 0; pixel < kBins.pixels; ++pixel) {
      for (unsigned n = 0; n < kBins.points_of_pixel; ++n) {
        const Point point = point_of(kBins, pixel, n, kBinsSeed);
        for (unsigned i = 0; i < kCellFeatures; ++i) {
          const Word128 word =
              random_bytes(~kBinsSeed, (std::uint64_t{frame} * kBins.pixels + pixel) * 4 + i / 16);
          const int value = static_cast<int>(point.weight) * signed_byte(word, i % 16);
          due[(std::size_t{frame} * kBins.cells() + point.cell) * kCellFeatures + i] += value;
          all_due += value;
        }
      }
    }
  }
  std::vector<std::int32_t> found(due.size());
  std::memcpy(found.data(), words.data(), found.size() * sizeof(found[0]));
  for (const std::int32_t sum : found) all += sum;
  EXPECT_EQ(found, due);
  EXPECT_EQ(all, all_due);
}

TEST_F(PerceptionDeviceHalf, ADamagedPixelShowsInTheCellsThatSeeIt) {
  const auto workload = made(kLayer);
  gpu_.flip(kFeaturesOfPixels, std::uint64_t{kBins.pixels + 7} * 4, sizeof(Word128),
            5);  // of the second frame
  const Repetitions done = workload->repeat(1);
  EXPECT_GE(done.wrong_values, 1u);
  EXPECT_LE(done.wrong_values, kBins.points_of_pixel);
  for (const WrongValue& one : done.first_wrong)
    EXPECT_NE(one.what.find("of frame 1"), std::string::npos) << one.what;
}

TEST_F(PerceptionDeviceHalf, CellsHaveFromNoneToManyPointsEachOnce) {
  const Bins bins = perception_on_card().bins;
  const SortedPoints sorted = sorted_by_cell(bins, kBinsSeed);
  ASSERT_EQ(sorted.points.size(), bins.points());
  EXPECT_EQ(sorted.first.back(), bins.points());
  std::uint32_t most = 0, empty = 0;
  for (unsigned cell = 0; cell < bins.cells(); ++cell) {
    const std::uint32_t count = sorted.first[cell + 1] - sorted.first[cell];
    most = std::max(most, count);
    empty += count == 0 ? 1 : 0;
  }
  EXPECT_GT(most, 100u);
  EXPECT_LT(most, 1000u);
  EXPECT_GT(empty, bins.cells() / 100);
  std::uint64_t mixed = 0, due = 0;
  for (unsigned cell = 0; cell < bins.cells(); ++cell) {
    for (std::uint32_t i = sorted.first[cell]; i < sorted.first[cell + 1]; ++i)
      mixed += memory::mix64(std::uint64_t{cell} << 32 | sorted.points[i]);
  }
  for (unsigned pixel = 0; pixel < bins.pixels; ++pixel) {
    for (unsigned n = 0; n < bins.points_of_pixel; ++n) {
      const Point point = point_of(bins, pixel, n, kBinsSeed);
      due += memory::mix64(std::uint64_t{point.cell} << 32 | point.weight << kWeightShift | pixel);
    }
  }
  EXPECT_EQ(mixed, due);
}

TEST_F(PerceptionDeviceHalf, AsTheCheckRunsIt) {
  const auto workload = make_perception(gpu_);
  EXPECT_EQ(workload->items(), 110);
  const Repetitions first = workload->repeat(2), again = workload->repeat(1);
  EXPECT_EQ(first.wrong_values + again.wrong_values, 0u);
  EXPECT_EQ(first.by_hash.size(), 1u);
  EXPECT_EQ(first.by_hash.begin()->first, again.by_hash.begin()->first);
}

}  // namespace
}  // namespace assay::workloads
