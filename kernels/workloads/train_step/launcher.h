// Launches the kernels for a model: by the card's tiles or small ones, each with the work that it is on the
// card.
#pragma once

#include <algorithm>
#include <stdexcept>

#include "kernels/workloads/train_step/probe.h"
#include "kernels/workloads/train_step/product.h"
#include "kernels/workloads/train_step/row_kernels.h"
#include "kernels/workloads/train_step/weight_kernels.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

/// Many T in device memory.
template <typename T>
class Array {
 public:
  Array(Gpu& gpu, std::uint64_t count) : buffer_(gpu.allocate(count * sizeof(T))), count_(count) {}
  Array(Gpu& gpu, const std::vector<T>& values) : Array(gpu, values.size()) {
    cuda::check(cudaMemcpy(get(), values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice),
                "upload");
  }

  T* get() const { return cuda::pointer<T>(buffer_); }
  std::vector<T> download() const { return cuda::download<T>(get(), count_); }
  void clear() const {
    cuda::check(cudaMemsetAsync(get(), 0, count_ * sizeof(T), cudaStreamPerThread), "clear");
  }

 private:
  std::unique_ptr<DeviceBuffer> buffer_;
  std::uint64_t count_;
};

template <typename T>
void launch_product(const Product& product, bool across_a, bool across_b, const Work& work) {
  const unsigned tiles = product.m / T::kM * (product.n / T::kN) * product.batches;
  const unsigned of_block = std::min(tiles, T::kTilesOfBlock);
  const cuda::Shape shape{(tiles + of_block - 1) / of_block, of_block * T::kThreads,
                          std::size_t{of_block} * T::kSharedBytes};
  if (across_a) {
    cuda::launch(shape, work, multiply<T, true, true>, product);
  } else if (across_b) {
    cuda::launch(shape, work, multiply<T, false, true>, product);
  } else {
    cuda::launch(shape, work, multiply<T, false, false>, product);
  }
}

/// Whether each operand lies across K. A across K with B along it is none that training needs.
struct Across {
  bool a, b;
};
inline constexpr Across kForward{false, false}, kLeftwards{false, true}, kOfWeights{true, true};

class Launcher {
 public:
  Launcher(const Model& model, bool is_on_card, bool tiles_of_card)
      : model_(model), nominal_(is_on_card ? model : kOnCard), tiles_of_card_(tiles_of_card) {
    with_rows([&](auto rows) {
      using R = decltype(rows);
      if (model.length != kEight * R::kLanes || model.width != kEight * R::kLanes * R::kEights ||
          model.vocabulary % (kEight * R::kLanes) != 0)
        throw std::invalid_argument("a model that no kernel is made for");
    });
  }

  const Model& nominal() const { return nominal_; }

  /// `p`: all but its size. Matrices of a stack go by sequence, then by head.
  void product(Role role, const Across& across, Product p) const {
    const ProductSize size = size_of(model_, role);
    p.m = size.m, p.n = size.n, p.k = size.k, p.batches = size.batches;
    p.inner_count = size.batches > 1 ? model_.heads : 1;
    const Work work = work_of(nominal_, role);
    if (tiles_of_card_) {
      launch_product<TileOfCard>(p, across.a, across.b, work);
    } else {
      launch_product<SmallTile>(p, across.a, across.b, work);
    }
  }

  /// kernel(rows): the kernel of such rows.
  template <typename Kernel, typename... Arguments>
  void by_rows(Pass pass, unsigned count, const Kernel& kernel, const Arguments&... arguments) const {
    with_rows([&](auto rows) {
      using R = decltype(rows);
      const unsigned in_block = std::min(count, R::kInBlock);
      if (count % in_block != 0) throw std::invalid_argument("rows that fill no block");
      cuda::launch({count / in_block, in_block * R::kLanes}, work_of(nominal_, pass), kernel(rows),
                   arguments...);
    });
  }
  /// A thread for each word of 16 bytes.
  template <typename Kernel, typename... Arguments>
  void by_words(Pass pass, std::uint64_t words, const Kernel& kernel, const Arguments&... arguments) const {
    with_rows([&](auto rows) {
      using R = decltype(rows);
      const auto blocks = static_cast<unsigned>((words + R::kThreads - 1) / R::kThreads);
      cuda::launch({blocks, R::kThreads}, work_of(nominal_, pass), kernel(rows), arguments...);
    });
  }
  void hash(Pass pass, const void* from, std::uint64_t bytes, Sum* to) const {
    with_rows([&](auto rows) {
      using R = decltype(rows);
      cuda::launch({blocks_to_hash<R>(bytes / sizeof(Word128)), R::kHashThreads}, work_of(nominal_, pass),
                   hash_all<R>, static_cast<const Word128*>(from), bytes / sizeof(Word128), to);
    });
  }
  void hash(HashedWeights p) const {
    with_rows([&](auto rows) {
      using R = decltype(rows);
      std::uint64_t first = 0;
      p.blocks = 0;
      for (unsigned i = 0; i < p.segments.count; ++i) {
        p.blocks += blocks_to_hash<R>(p.segments.end[i] - first);
        first = p.segments.end[i];
      }
      cuda::launch({4 * p.blocks, R::kHashThreads}, work_of(nominal_, Pass::hash_weights), hash_weights<R>,
                   p);
    });
  }

 private:
  template <typename Launch>
  void with_rows(const Launch& launch) const {
    if (tiles_of_card_) {
      launch(RowsOfCard{});
    } else if (model_.width == kEight * SmallRows::kLanes) {
      launch(SmallRows{});
    } else {
      launch(WiderRows{});
    }
  }
  template <typename R>
  static unsigned blocks_to_hash(std::uint64_t words) {
    constexpr unsigned kOfBlock = R::kHashThreads * R::kWordsHashed;
    return static_cast<unsigned>((words + kOfBlock - 1) / kOfBlock);
  }

  Model model_, nominal_;
  bool tiles_of_card_;
};

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
