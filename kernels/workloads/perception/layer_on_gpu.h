// A layer with its data, and with what it must come to.
#pragma once

#include <string>

#include "kernels/workloads/perception/convolve.h"
#include "kernels/workloads/perception/look.h"
#include "kernels/workloads/perception/perception.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

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
    cuda::launch(shape_for(weight_words), writing(weight_words), fill_with_random_bytes,
                 pointer<Word128>(weights_), weight_words, ~seed);
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

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
