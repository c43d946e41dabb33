#include <algorithm>
#include <string>

#include "kernels/cuda_support.h"
#include "kernels/workloads/recommender/check.h"
#include "kernels/workloads/recommender/look_up.h"
#include "kernels/workloads/recommender/nets.h"
#include "kernels/workloads/recommender/recommender.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

using cuda::pointer;
using Buffer = std::unique_ptr<DeviceBuffer>;

constexpr unsigned kMostBlocks = 2048;  // of kernels that walk over what there is

cuda::Shape grid_of(std::uint64_t words) {
  return {static_cast<unsigned>(std::clamp<std::uint64_t>(words / kFillThreads, 1, kMostBlocks)),
          kFillThreads};
}

std::string name_of(Compared what) {
  switch (what) {
    case Compared::sums_of_rows:
      return "sums of rows";
    case Compared::scaled_sums:
      return "scaled sums of rows";
    case Compared::features:
      return "features";
    default:
      return "score";
  }
}

WrongValue described(const memory::BadWord& bad) {
  const auto place = bad.index & ((1u << kSampleShift) - 1);
  const auto sample = (bad.index & ((std::uint64_t{1} << kComparedShift) - 1)) >> kSampleShift;
  const auto text = [](const Word128& word) {
    return std::to_string(word.low) + " " + std::to_string(word.high);
  };
  return {name_of(static_cast<Compared>(bad.index >> kComparedShift)) + " of sample " +
              std::to_string(sample) + ", word " + std::to_string(place),
          text(bad.expected), text(bad.actual)};
}

/// The tables in device memory, and the model that they have room for.
struct Tables {
  Model on_card;
  Buffer rows;
  Model model;

  Tables(Gpu& gpu, std::uint64_t seed)
      : on_card(model_on_card(seed, static_cast<double>(gpu.memory().free_bytes))),
        rows(gpu.allocate(static_cast<std::uint64_t>(bytes_of_tables(on_card)))),
        model(gpu.emulated() ? model_under_emulation(seed, rows->words()) : on_card) {}
};

class Recommender final : public Workload {
 public:
  Recommender(Gpu& gpu, const CublasLt& library, std::uint64_t seed)
      : gpu_(gpu),
        tables_(gpu, seed),
        model_(tables_.model),
        work_(work_of_recommender(tables_.on_card)),
        rows_(allocated(std::uint64_t{4} * model_.look_ups)),
        dense_(allocated(std::uint64_t{2} * model_.layers[0].in)),
        scaled_(allocated(std::uint64_t{kTables} * kDimensions)),
        features_(allocated(std::uint64_t{2} * kFeatures)),
        scores_(allocated(sizeof(std::int32_t))),
        kept_(gpu.allocate(std::uint64_t{model_.samples / model_.checked_every} * kTables * kDimensions *
                           sizeof(float))),
        values_{allocated(2 * kWidest), allocated(2 * kWidest)} {
    std::size_t workspace_bytes = sizeof(Word128);
    for (unsigned layer = 0; layer < kLayers; ++layer) {
      make_layer(library, layer);
      workspace_bytes = std::max(workspace_bytes, products_[layer]->workspace_bytes());
    }
    workspace_ = gpu.allocate(workspace_bytes);
    checking_weights_ = gpu.allocate(weights_bytes_);
    fill();
  }

  Repetitions repeat(int times) override {
    tallies_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { once(tallies_.get()->of + i); });
    const double seconds = watch_.stop();
    const std::int64_t words = std::int64_t{model_.samples} * model_.look_ups * kWordsOfRow;
    return read_tallies(tallies_.download(), seconds, times, done,
                        {{"sum of all rows that are looked up", static_cast<Sum>(kSumOfWord * words)}},
                        described);
  }

  double items() const override { return tables_.on_card.samples; }

 private:
  Buffer allocated(std::uint64_t bytes_of_a_sample) {
    return gpu_.allocate(model_.samples * bytes_of_a_sample);
  }

  void make_layer(const CublasLt& library, unsigned layer) {
    const NetLayer size = model_.layers[layer];
    products_[layer] = library.make_gemm(Datapath::tensor_bf16, GemmSize{size.out, model_.samples, size.in});
    products_[layer]->use(products_[layer]->propose());  // whichever: the sums are exact in any order
    weights_[layer] = gpu_.allocate(std::uint64_t{2} * size.in * size.out);
    weights_bytes_ += std::uint64_t{size.in} * size.out;
  }

  void fill() {
    const std::uint64_t words = std::uint64_t{model_.first_row[kTables]} * kWordsOfRow;
    cuda::launch(grid_of(words), Work(WorkKind::write, bytes_of_tables(tables_.on_card)), fill_tables,
                 pointer<Word128>(tables_.rows), words, model_);
    const std::uint64_t look_ups = std::uint64_t{model_.samples} * model_.look_ups;
    cuda::launch(grid_of(look_ups), {}, fill_look_ups, pointer<std::uint32_t>(rows_), model_);
    cuda::launch(grid_of(model_.samples), {}, fill_dense, pointer<Word128>(dense_), model_);
    auto* checking_weights = pointer<std::uint32_t>(checking_weights_);
    for (unsigned layer = 0; layer < kLayers; ++layer) {
      const std::uint64_t products = std::uint64_t{model_.layers[layer].in} * model_.layers[layer].out;
      cuda::launch(grid_of(products / 8), {}, fill_weights, pointer<Word128>(weights_[layer]), model_, layer);
      cuda::launch(grid_of(products / 4), {}, fill_checking_weights, checking_weights, model_, layer);
      checking_weights += products / 4;
    }
  }

  void once(Tally* tally) {
    const unsigned checked = repetitions_++ % model_.checked_every;
    const Word128* const bottom = run_net(0, kBottomLayers, dense_, tally);
    const LookUps look_ups{pointer<const Word128>(tables_.rows),
                           pointer<const std::uint32_t>(rows_),
                           pointer<std::uint32_t>(scaled_),
                           pointer<Word128>(kept_),
                           checked,
                           tally};
    cuda::launch({(model_.samples + kSamplesOfBlock - 1) / kSamplesOfBlock, kLookUpThreads}, work_.look_up,
                 look_up, model_, look_ups);
    cuda::launch({std::min(model_.samples, kMostBlocks), kPairThreads}, work_.interact, interact, model_,
                 look_ups.scaled, bottom, pointer<Word128>(features_), tally);
    const Word128* const top = run_net(kBottomLayers, kLayers, features_, tally);
    // A score that is left out is not to be the last repetition's.
    cuda::check(cudaMemsetAsync(scores_->device_pointer(), 0xff, model_.samples * sizeof(std::int32_t),
                                cudaStreamPerThread),
                "clear");
    constexpr unsigned kWarps = kFillThreads / memory::kLanes;
    cuda::launch({(model_.samples + kWarps - 1) / kWarps, kFillThreads}, work_.score, score, model_, top,
                 pointer<std::int32_t>(scores_), tally);
    check_samples(checked);
  }

  /// Layers from `first` up to `end`; where the last one's values are.
  const Word128* run_net(unsigned first, unsigned end, const Buffer& input, Tally* tally) {
    const Buffer* from = &input;
    for (unsigned layer = first; layer < end; ++layer) {
      const Buffer& to = values_[layer % 2];
      multiply(layer, *from, to);
      const std::uint64_t words = std::uint64_t{model_.samples} * model_.layers[layer].out / 8;
      cuda::launch(grid_of(words), work_.activations[layer], activate, pointer<Word128>(to), words,
                   model_.layers[layer].in, std::uint64_t{layer + 1} << 40, tally);
      from = &to;
    }
    return pointer<const Word128>(*from);
  }

  void multiply(unsigned layer, const Buffer& from, const Buffer& to) {
    const NetLayer size = model_.layers[layer];
    const double operations = 2.0 * model_.samples * size.in * size.out;
    cuda::in_time_of(work_.layers[layer].amount(Resource::tensor_cores) / operations, [&] {
      try {
        products_[layer]->multiply(weights_[layer]->device_pointer(), from->device_pointer(),
                                   to->device_pointer(), workspace_->device_pointer(), cudaStreamPerThread);
      } catch (const DeviceError&) {
        cuda::check(cudaGetLastError(), "product");  // the device's own word, where it has one
        throw;
      }
    });
  }

  void check_samples(unsigned first) {
    const Checked checked{.weights = pointer<const std::uint32_t>(checking_weights_),
                          .kept = pointer<const Word128>(kept_),
                          .scaled = pointer<const std::uint32_t>(scaled_),
                          .features = pointer<const Word128>(features_),
                          .scores = pointer<const std::int32_t>(scores_),
                          .first = first,
                          .bad = &tallies_.get()->bad};
    cuda::launch({model_.samples / model_.checked_every, kCheckThreads}, work_.check, check, model_, checked);
  }

  Gpu& gpu_;
  Tables tables_;
  Model model_;
  RecommenderWork work_;
  Buffer rows_, dense_, scaled_, features_, scores_, kept_;
  Buffer values_[2];  // a layer's, and the next one's
  Buffer weights_[kLayers], checking_weights_, workspace_;
  std::uint64_t weights_bytes_ = 0;  // of the checking ones
  std::unique_ptr<Gemm> products_[kLayers];
  unsigned repetitions_ = 0;
  cuda::Stopwatch watch_;
  cuda::Resident<Tallies> tallies_;
};

}  // namespace

std::unique_ptr<Workload> make_recommender(Gpu& gpu, const CublasLt& library, std::uint64_t seed) {
  return std::make_unique<Recommender>(gpu, library, seed);
}

}  // namespace assay::workloads::ASSAY_TARGET
