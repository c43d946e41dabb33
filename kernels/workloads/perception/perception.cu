#include <string>

#include "kernels/workloads/perception/layer_on_gpu.h"
#include "kernels/workloads/perception/perception.h"
#include "kernels/workloads/perception/pooling_on_gpu.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

constexpr std::size_t kMostLayers = 4;

/// Of a layer. Pooling has sums alone.
struct WrongLists {
  memory::BadWordList sums, words;
};

class Perception final : public Workload {
 public:
  Perception(Gpu& gpu, const PerceptionSize& size)
      : nominal_(perception_on_card()), pooling_(gpu, size.bins, memory::mix64(kData)) {
    for (const Layer& layer : size.layers)
      layers_.emplace_back(gpu, layer, memory::mix64(kData + layers_.size() + 1));
  }

  Repetitions repeat(int times) override {
    results_.clear();
    for (LayerOnGpu& layer : layers_) layer.clear();
    pooling_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { launch(results_.get()->hashes + i); });
    Repetitions all;
    all.seconds = watch_.stop();
    const Results results = results_.download();
    for (int i = 0; i < done; ++i) all.by_hash[results.hashes[i]] += static_cast<std::uint64_t>(times / done);
    add_wrong(results, all);
    return all;
  }

  double items() const override { return nominal_.bins.frames; }

 private:
  struct Results {
    Sum hashes[kMostAtOnce];
    WrongLists of_layer[kMostLayers];
    memory::BadWordList of_pooling;
  };

  /// All layers of the card, and under emulation the first ones in the others' place.
  void launch(Sum* hash) {
    Results* const results = results_.get();
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& nominal = nominal_.layers[i];
      const double stands_for =
          static_cast<double>(nominal_.layers.size()) / static_cast<double>(layers_.size());
      cuda::in_time_of(stands_for, [&] {
        layers_[i].launch(nominal, &results->of_layer[i].sums);
        layers_[i].look(nominal, number, hash, &results->of_layer[i].words);
      });
      number += layers_[i].layer().output_words();
    }
    pooling_.launch(nominal_.bins, &results->of_pooling);
    pooling_.look(nominal_.bins, number, hash);
  }

  void add_wrong(const Results& results, Repetitions& all) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i].layer();
      const std::string name = "layer " + std::to_string(i + 1) + ": ";
      add(results.of_layer[i].sums.words(), all, [&](std::uint64_t number) {
        return name + "sum over filters " + std::to_string(number / layer.rows() * layer.filters_of_tile) +
               " and on" + layers_[i].place_of(number % layer.rows());
      });
      add(results.of_layer[i].words.words(), all, [&](std::uint64_t word) {
        return name + "filters " + std::to_string(word / layer.stored() * kChannelsOfWord) + " and on" +
               layers_[i].place_of(word % layer.stored() - layer.rim());
      });
    }
    add(results.of_pooling.words(), all, [&](std::uint64_t number) { return pooling_.place_of(number); });
  }

  template <typename Name>
  static void add(const memory::BadWords& bad, Repetitions& all, const Name& name_of) {
    constexpr std::size_t kMostNamed = 16;
    all.wrong_values += bad.count;
    for (const memory::BadWord& one : bad.first) {
      if (all.first_wrong.size() == kMostNamed) return;
      const auto text = [](const Word128& word) {
        return std::to_string(word.low) + (word.high == 0 ? "" : ", " + std::to_string(word.high));
      };
      all.first_wrong.push_back({name_of(one.index), text(one.expected), text(one.actual)});
    }
  }

  PerceptionSize nominal_;
  PoolingOnGpu pooling_;
  std::vector<LayerOnGpu> layers_;
  cuda::Resident<Results> results_;
  cuda::Stopwatch watch_;
};

}  // namespace

std::unique_ptr<Workload> make_perception(Gpu& gpu, const PerceptionSize& size) {
  return std::make_unique<Perception>(gpu, size);
}

}  // namespace assay::workloads::ASSAY_TARGET
