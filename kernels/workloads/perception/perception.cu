#include <algorithm>
#include <string>

#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/perception/convolve.h"
#include "kernels/workloads/perception/expected.h"
#include "kernels/workloads/perception/perception.h"
#include "kernels/workloads/perception/pool.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

using Buffer = std::unique_ptr<DeviceBuffer>;
using Sum = unsigned long long;
using cuda::pointer;

constexpr unsigned kMostLookBlocks = 2048;
constexpr std::size_t kMostLayers = 4;

cuda::Shape shape_for(std::uint64_t items) {
  const std::uint64_t blocks = (items + kLookThreads - 1) / kLookThreads;
  return {static_cast<unsigned>(std::min<std::uint64_t>(blocks, kMostLookBlocks)), kLookThreads};
}

template <typename T>
Buffer uploaded(Gpu& gpu, const std::vector<T>& all) {
  Buffer buffer = gpu.allocate(all.size() * sizeof(T));
  cuda::check(
      cudaMemcpy(buffer->device_pointer(), all.data(), all.size() * sizeof(T), cudaMemcpyHostToDevice),
      "upload");
  return buffer;
}

/// What is looked through: each word enters the hash, and that of a sampled position is compared.
struct Look {
  const Word128* words;
  std::uint64_t count, first_number;  // no two words of a repetition have one number
  unsigned line;                      // words of 16 filters
  unsigned rim, positions, sampled_every;
  const Word128* expected;  // null: none is compared
};

__global__ void __launch_bounds__(kLookThreads)
    look_through(Look look, Sum* hash, memory::BadWordList* wrong) {
  const unsigned samples = (look.positions + look.sampled_every - 1) / look.sampled_every;
  Sum mine = 0;
  cuda::for_each_word<kLookThreads>(look.count, [&](std::uint64_t i) {
    const Word128 word = cuda::load_streaming(look.words + i);
    mine += compute::hash_term(look.first_number + i, word);
    if (look.expected == nullptr) return;
    const auto number = static_cast<std::uint32_t>(i);
    const std::uint32_t sixteen = number / look.line, position = number % look.line - look.rim;
    if (position >= look.positions || position % look.sampled_every != 0) return;
    memory::compare(i, look.expected[std::uint64_t{sixteen} * samples + position / look.sampled_every], word,
                    wrong);
  });
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_down_sync(0xffffffffu, mine, distance);
  if (threadIdx.x % memory::kLanes == 0) atomicAdd(hash, mine);
}

/// Of a layer, or of pooling, which has sums alone.
struct WrongLists {
  memory::BadWordList sums, words;
};

class LayerOnGpu {
 public:
  LayerOnGpu(Gpu& gpu, const Layer& layer, std::uint64_t seed)
      : layer_(layer),
        input_(gpu.allocate(layer.input_words() * sizeof(Word128))),
        weights_(gpu.allocate(layer.weight_bytes())),
        output_(gpu.allocate(layer.output_words() * sizeof(Word128))),
        sums_(gpu.allocate(std::uint64_t{layer.filter_tiles()} * layer.rows() * sizeof(std::uint32_t))),
        sampled_(gpu.allocate(std::uint64_t{layer.samples()} * layer.filters)) {
    const std::uint64_t weight_words = layer.weight_bytes() / sizeof(Word128);
    const auto writing = [](std::uint64_t words) {
      return Work(WorkKind::write, static_cast<double>(words * sizeof(Word128)));
    };
    cuda::launch(shape_for(layer.input_words()), writing(layer.input_words()), fill_input, layer,
                 pointer<Word128>(input_), seed);
    cuda::launch(shape_for(weight_words), writing(weight_words), fill_weights, pointer<Word128>(weights_),
                 weight_words, ~seed);
    work_out_expected(gpu);
  }

  /// What is not stored is not to be the last repetition's.
  void clear() {
    cuda::check(cudaMemsetAsync(output_->device_pointer(), 0x80, output_->bytes(), cudaStreamPerThread),
                "clear");
  }

  void launch(const Layer& nominal, memory::BadWordList* wrong_sums) {
    namespace form = cuda::wgmma;
    const auto kernel = layer_.filters_of_tile == 64 ? &convolve<form::S8> : &convolve<form::S8N128>;
    const cuda::Shape shape{layer_.row_tiles() * layer_.filter_tiles(), layer_.groups * kGroupThreads,
                            std::size_t{stages_of(layer_)} * bytes_of_stage(layer_)};
    cuda::launch(shape, work_of_layer(nominal), kernel,
                 Convolution{layer_, pointer<const Word128>(input_), pointer<const unsigned char>(weights_),
                             pointer<Word128>(output_), pointer<const std::uint32_t>(sums_), wrong_sums});
  }

  void look(const Layer& nominal, std::uint64_t first_number, Sum* hash, memory::BadWordList* wrong) {
    cuda::launch(
        shape_for(layer_.output_words()), work_of_look(nominal.output_words()), look_through,
        Look{pointer<const Word128>(output_), layer_.output_words(), first_number, layer_.stored(),
             layer_.rim(), layer_.positions(), layer_.sampled_every, pointer<const Word128>(sampled_)},
        hash, wrong);
  }

  std::string place_of(std::uint64_t position) const {
    const std::uint64_t in_image = position % layer_.plane();
    return " of image " + std::to_string(position / layer_.plane()) + ", row " +
           std::to_string(in_image / layer_.pitch()) + ", column " +
           std::to_string(in_image % layer_.pitch());
  }
  const Layer& layer() const { return layer_; }

 private:
  void work_out_expected(Gpu& gpu) {
    const std::uint64_t filter_sums = std::uint64_t{layer_.filter_tiles()} * layer_.channels * kTaps;
    const Buffer of_filters = gpu.allocate(filter_sums * sizeof(int));
    const Work work(WorkKind::read, static_cast<double>(input_->bytes()) * kTaps);
    cuda::launch(shape_for(filter_sums), Work{}, sum_filters, layer_, pointer<const unsigned char>(weights_),
                 pointer<int>(of_filters));
    cuda::launch(shape_for(std::uint64_t{layer_.filter_tiles()} * layer_.rows()), work, convolve_with_sums,
                 layer_, pointer<const Word128>(input_), pointer<const int>(of_filters),
                 pointer<std::uint32_t>(sums_));
    cuda::launch(shape_for(std::uint64_t{layer_.samples()} * layer_.filters), work, convolve_samples, layer_,
                 pointer<const Word128>(input_), pointer<const unsigned char>(weights_),
                 pointer<unsigned char>(sampled_));
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "what is expected");
  }

  Layer layer_;
  Buffer input_, weights_, output_;
  Buffer sums_, sampled_;  // what is expected
};

class PoolingOnGpu {
 public:
  PoolingOnGpu(Gpu& gpu, const Bins& bins, std::uint64_t seed)
      : bins_(bins),
        features_(gpu.allocate(bins.feature_words() * sizeof(Word128))),
        pooled_(gpu.allocate(bins.pooled_words() * sizeof(Word128))),
        sums_(gpu.allocate(std::uint64_t{bins.frames} * bins.cells() * sizeof(std::int32_t))) {
    const SortedPoints sorted = sorted_by_cell(bins, seed);
    first_ = uploaded(gpu, sorted.first);
    points_ = uploaded(gpu, sorted.points);
    const auto bytes = static_cast<double>(features_->bytes());
    cuda::launch(shape_for(bins.feature_words()), Work(WorkKind::write, bytes), fill_weights,
                 pointer<Word128>(features_), bins.feature_words(), ~seed);
    cuda::check(cudaMemset(sums_->device_pointer(), 0, sums_->bytes()), "clear");
    cuda::launch(shape_for(std::uint64_t{bins.frames} * bins.pixels), Work(WorkKind::read, bytes), scatter,
                 bins, pointer<const Word128>(features_), seed, pointer<std::int32_t>(sums_));
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "what is expected");
  }

  void clear() {
    cuda::check(cudaMemsetAsync(pooled_->device_pointer(), 0x80, pooled_->bytes(), cudaStreamPerThread),
                "clear");
  }
  void launch(const Bins& nominal, memory::BadWordList* wrong_sums) {
    const unsigned blocks = (bins_.cells() * kLanesOfCell + kPoolThreads - 1) / kPoolThreads * bins_.frames;
    cuda::launch({blocks, kPoolThreads}, work_of_pooling(nominal), pool,
                 Pooling{bins_, pointer<const std::uint32_t>(first_), pointer<const std::uint32_t>(points_),
                         pointer<const Word128>(features_), pointer<Word128>(pooled_),
                         pointer<const std::int32_t>(sums_), wrong_sums});
  }
  void look(const Bins& nominal, std::uint64_t first_number, Sum* hash) {
    cuda::launch(
        shape_for(bins_.pooled_words()), work_of_look(nominal.pooled_words()), look_through,
        Look{pointer<const Word128>(pooled_), bins_.pooled_words(), first_number, 1, 0, 1, 1, nullptr}, hash,
        static_cast<memory::BadWordList*>(nullptr));
  }
  std::string place_of(std::uint64_t number) const {
    return "cell " + std::to_string(number % bins_.cells()) + " of frame " +
           std::to_string(number / bins_.cells());
  }

 private:
  Bins bins_;
  Buffer features_, pooled_, sums_, first_, points_;
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
