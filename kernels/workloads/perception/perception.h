// What a car's computer does with a frame of six cameras, in small: layers of 3 x 3 filters as ResNet-50 has
// them, eight bits, on the tensor cores; and pooling, which gathers what the pixels saw into cells of the
// ground (a bird's eye view). All of it is whole numbers.
//
// The sum over filters is the convolution with the sum of the filters, the sum over a cell's features is that
// of its pixels' sums: both are worked out once by other instructions in another order, and every repetition
// is held to them. Of sampled positions the results as they are stored are, too.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/workloads/perception/bins.h"
#include "kernels/workloads/perception/layer.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads {

inline constexpr unsigned kCameras = 6;

struct PerceptionSize {
  std::vector<Layer> layers;
  Bins bins;
};

/// 110 frames: of the last layer, tiles for each of 132 multiprocessors five times over.
PerceptionSize perception_on_card();
/// What the emulation works out in its place.
PerceptionSize perception_under_emulation();

/// Of one launch each.
Work work_of_layer(const Layer& layer);
Work work_of_look(std::uint64_t words);
Work work_of_pooling(const Bins& bins);
/// Of memory.
double bytes_of(const PerceptionSize& size);

/// Throws DeviceError.
std::unique_ptr<Workload> make_perception(Gpu& gpu);
std::unique_ptr<Workload> make_perception(Gpu& gpu, const PerceptionSize& size);

}  // namespace assay::workloads
