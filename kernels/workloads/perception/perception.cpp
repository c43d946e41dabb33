#include "kernels/workloads/perception/perception.h"

#include "kernels/target.h"

namespace assay::workloads {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Workload> make_perception(Gpu&, const PerceptionSize&))

namespace {

constexpr unsigned kFrames = 110;

/// Shifts keep results within some 45 either way, three times that is the most that they hold.
constexpr Layer layer_on_card(unsigned side, unsigned channels, unsigned shift) {
  return {.images = kFrames * kCameras,
          .side = side,
          .channels = channels,
          .filters = channels,
          .filters_of_tile = channels == 64 ? 64u : 128u,
          .groups = 4,
          .shift = shift,
          .sampled_every = 97};
}

}  // namespace

PerceptionSize perception_on_card() {
  return {{layer_on_card(56, 64, 12), layer_on_card(28, 128, 12), layer_on_card(14, 256, 13),
           layer_on_card(7, 512, 13)},
          // Cameras of 32 x 88 pixels, as after the layers that make them so small.
          {.frames = kFrames, .pixels = kCameras * 32 * 88, .points_of_pixel = 8, .side = 128}};
}

PerceptionSize perception_under_emulation() {
  const auto layer = [](unsigned filters) -> Layer {
    return {.images = 1,
            .side = 7,
            .channels = 32,
            .filters = filters,
            .filters_of_tile = filters,
            .groups = 1,
            .shift = 11,
            .sampled_every = 9};
  };
  return {{layer(64), layer(128)}, {.frames = 1, .pixels = 64, .points_of_pixel = 4, .side = 8}};
}

Work work_of_layer(const Layer& layer) {
  const double results = double{1} * layer.rows() * layer.filters;
  Work work(WorkKind::int8, 2 * results * layer.channels * kTaps);
  work.add(WorkKind::copy,
           static_cast<double>((layer.input_words() + layer.output_words()) * sizeof(Word128)));
  constexpr double kInstructionsOfResult = 10;
  work.add(WorkKind::instructions, results * kInstructionsOfResult);
  return work;
}

Work work_of_look(std::uint64_t words) {
  constexpr double kInstructionsPerWord = 60;
  Work work(WorkKind::read, static_cast<double>(words * sizeof(Word128)));
  work.add(WorkKind::instructions, static_cast<double>(words) * kInstructionsPerWord);
  return work;
}

Work work_of_pooling(const Bins& bins) {
  const double points = double{1} * bins.frames * bins.points();
  constexpr double kInstructionsOfPoint = kLanesOfCell * 45, kInstructionsOfWord = 15;
  Work work(WorkKind::copy,
            static_cast<double>((bins.feature_words() + bins.pooled_words()) * sizeof(Word128)));
  work.add(WorkKind::cached, points * kCellFeatures);
  work.add(WorkKind::instructions,
           points * kInstructionsOfPoint + static_cast<double>(bins.pooled_words()) * kInstructionsOfWord);
  return work;
}

double bytes_of(const PerceptionSize& size) {
  std::uint64_t words = size.bins.feature_words() + size.bins.pooled_words();
  for (const Layer& layer : size.layers) words += layer.input_words() + layer.output_words();
  return static_cast<double>(words * sizeof(Word128));
}

SortedPoints sorted_by_cell(const Bins& bins, std::uint64_t seed) {
  SortedPoints sorted;
  sorted.first.assign(bins.cells() + 1, 0);
  const auto for_each_point = [&](const auto& body) {
    for (unsigned pixel = 0; pixel < bins.pixels; ++pixel) {
      for (unsigned n = 0; n < bins.points_of_pixel; ++n) body(pixel, point_of(bins, pixel, n, seed));
    }
  };
  for_each_point([&](unsigned, const Point& point) { ++sorted.first[point.cell + 1]; });
  for (std::size_t cell = 0; cell < bins.cells(); ++cell) sorted.first[cell + 1] += sorted.first[cell];
  std::vector<std::uint32_t> next = sorted.first;
  sorted.points.resize(bins.points());
  for_each_point([&](unsigned pixel, const Point& point) {
    sorted.points[next[point.cell]++] = pixel | point.weight << kWeightShift;
  });
  return sorted;
}

std::unique_ptr<Workload> make_perception(Gpu& gpu, const PerceptionSize& size) {
  return ASSAY_OF_TARGET(gpu, make_perception)(gpu, size);
}

std::unique_ptr<Workload> make_perception(Gpu& gpu) {
  return make_perception(gpu, gpu.emulated() ? perception_under_emulation() : perception_on_card());
}

}  // namespace assay::workloads
