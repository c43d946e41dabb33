#include <algorithm>
#include <cstring>

#include "kernels/bad_words.h"
#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/tensor_elements.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

using cuda::pointer;
using Sum = unsigned long long;

constexpr unsigned kThreads = 256;
constexpr unsigned kBlocksPerSm = 8;

double operations_of(const GemmSize& size) {
  return 2.0 * static_cast<double>(size.m) * static_cast<double>(size.n) * static_cast<double>(size.k);
}

/// What is random of operands' words, and what is fixed: of an exponent all bits but the last two, as those
/// of 1/8 up to 2.
struct RandomBits {
  Word128 random, fixed;
};

constexpr Word128 repeated(std::uint64_t bits) {
  return {bits, bits};
}

RandomBits random_bits_of(Datapath type) {
  switch (type) {
    case Datapath::tensor_bf16:
      return {repeated(0x81ff81ff81ff81ff), repeated(0x3e003e003e003e00)};
    case Datapath::tensor_fp16:
      return {repeated(0x8fff8fff8fff8fff), repeated(0x3000300030003000)};
    case Datapath::tensor_tf32:
      return {repeated(0x81ffffff81ffffff), repeated(0x3e0000003e000000)};
    case Datapath::tensor_e4m3:
      return {repeated(0x9f9f9f9f9f9f9f9f), repeated(0x2020202020202020)};
    case Datapath::tensor_fp64:
      return {repeated(0x803fffffffffffff), repeated(0x3fc0000000000000)};
    default:
      return {repeated(~std::uint64_t{0}), repeated(0)};
  }
}

__global__ void __launch_bounds__(kThreads)
    fill_with_random_bits(Word128* out, std::uint64_t words, RandomBits bits, std::uint64_t seed) {
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    const Word128 word{memory::mix64(seed + 2 * i), memory::mix64(seed + 2 * i + 1)};
    cuda::store_streaming(out + i, Word128{(word.low & bits.random.low) | bits.fixed.low,
                                           (word.high & bits.random.high) | bits.fixed.high});
  });
}

__global__ void __launch_bounds__(kThreads)
    hash_product(const Word128* product, std::uint64_t words, Sum* hash) {
  Sum mine = 0;
  cuda::for_each_word<kThreads>(
      words, [&](std::uint64_t i) { mine += hash_term(i, cuda::load_streaming(product + i)); });
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_down_sync(0xffffffffu, mine, distance);
  if (threadIdx.x % memory::kLanes == 0) atomicAdd(hash, mine);
}

/// Looks for them only where the hash is another.
__global__ void __launch_bounds__(kThreads)
    list_others(const Word128* product, const Word128* first, std::uint64_t words, const Sum* hash,
                const Sum* hash_of_first, memory::BadWordList* others) {
  if (*hash == *hash_of_first) return;
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    memory::compare(i, cuda::load_streaming(first + i), cuda::load_streaming(product + i), others);
  });
}

class LibraryGemmOnGpu final : public LibraryGemm {
 public:
  LibraryGemmOnGpu(Gpu& gpu, const CublasLt& library, Datapath type, std::uint64_t seed)
      : gpu_(gpu),
        type_(type),
        size_(gpu.emulated() ? kSizeUnderEmulation : size_on_card(type)),
        gemm_(library.make_gemm(type, size_)),
        a_(gpu.allocate(size_.k * size_.m * gemm_operand_bytes(type))),
        b_(gpu.allocate(size_.k * size_.n * gemm_operand_bytes(type))),
        product_(gpu.allocate(size_.m * size_.n * gemm_result_bytes(type))),
        first_(gpu.allocate(size_.m * size_.n * gemm_result_bytes(type))),
        grid_{kBlocksPerSm * static_cast<unsigned>(gpu.multiprocessors()), kThreads} {
    for (const auto* operand : {&a_, &b_}) {
      cuda::launch(grid_of((*operand)->words()),
                   Work(WorkKind::write, static_cast<double>((*operand)->bytes())), fill_with_random_bits,
                   pointer<Word128>(*operand), (*operand)->words(), random_bits_of(type),
                   memory::mix64(operand == &a_ ? seed : ~seed));
    }
  }

  GemmAlgorithm propose() override { return gemm_->propose(); }

  std::uint64_t use(const GemmAlgorithm& algorithm) override {
    gemm_->use(algorithm);
    workspace_.reset();
    if (gemm_->workspace_bytes() > 0) workspace_ = gpu_.allocate(gemm_->workspace_bytes());
    queue_product(first_);
    hash_of_first_.clear();
    hash(first_, hash_of_first_.get());
    return hash_of_first_.download();
  }

  double multiply(int times) override {
    watch_.start();
    cuda::repeatedly(times, [&](int) { queue_product(product_); });
    return watch_.stop();
  }

  Products multiply_and_check(int times) override {
    hashes_.clear();
    others_.clear();
    // What is not stored is not to be the last product's.
    cuda::check(cudaMemsetAsync(product_->device_pointer(), 0xff, product_->bytes(), cudaStreamPerThread),
                "clear");
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) {
      queue_product(product_);
      hash(product_, hashes_.get()->of + i);
      cuda::launch(grid_of(product_->words()), Work{}, list_others, pointer<const Word128>(product_),
                   pointer<const Word128>(first_), product_->words(), hashes_.get()->of + i,
                   hash_of_first_.get(), others_.get());
    });
    Products products;
    products.seconds = watch_.stop();
    const Hashes hashes = hashes_.download();
    for (int i = 0; i < done; ++i) products.by_hash[hashes.of[i]] += times / done;
    const memory::BadWords others = others_.download().words();
    products.other_words = others.count;
    for (const memory::BadWord& one : others.first)
      add_elements(one.index, one.actual, one.expected, products.first_others);
    return products;
  }

  double operations() const override { return operations_of(size_on_card(type_)); }

 private:
  struct Hashes {
    Sum of[kMostAtOnce];
  };
  using Buffer = std::unique_ptr<DeviceBuffer>;

  /// No more blocks than there are words for.
  cuda::Shape grid_of(std::uint64_t words) const {
    const std::uint64_t most = (words + kThreads - 1) / kThreads;
    return {static_cast<unsigned>(std::min<std::uint64_t>(grid_.blocks, most)), kThreads};
  }
  void queue_product(const Buffer& to) {
    cuda::in_time_of(operations() / operations_of(size_), [&] {
      try {
        gemm_->multiply(a_->device_pointer(), b_->device_pointer(), to->device_pointer(),
                        workspace_ == nullptr ? nullptr : workspace_->device_pointer(), cudaStreamPerThread);
      } catch (const DeviceError&) {
        cuda::check(cudaGetLastError(), "product");  // the device's own word, where it has one
        throw;
      }
    });
  }
  /// Adds to `sum`.
  void hash(const Buffer& product, Sum* sum) {
    cuda::launch(grid_of(product->words()), work_of_hashing(type_), hash_product,
                 pointer<const Word128>(product), product->words(), sum);
  }
  void add_elements(std::uint64_t word, const Word128& now, const Word128& then,
                    std::vector<OtherElement>& elements) const {
    const unsigned bytes = gemm_result_bytes(type_), in_word = sizeof(Word128) / bytes;
    for (unsigned i = 0; i < in_word; ++i) {
      OtherElement element{};
      std::memcpy(&element.bits, reinterpret_cast<const char*>(&now) + std::size_t{i} * bytes, bytes);
      std::memcpy(&element.of_first, reinterpret_cast<const char*>(&then) + std::size_t{i} * bytes, bytes);
      if (element.bits == element.of_first) continue;
      element.row = (word * in_word + i) % size_.m;
      element.column = (word * in_word + i) / size_.m;
      elements.push_back(element);
    }
  }

  Gpu& gpu_;
  Datapath type_;
  GemmSize size_;
  std::unique_ptr<Gemm> gemm_;
  Buffer a_, b_, product_, first_, workspace_;
  cuda::Shape grid_;
  cuda::Stopwatch watch_;
  cuda::Resident<Hashes> hashes_;
  cuda::Resident<Sum> hash_of_first_;
  cuda::Resident<memory::BadWordList> others_;
};

/// Bits of a whole number as an operand, or as a result.
std::uint64_t operand_bits(Datapath type, int value) {
  if (type != Datapath::tensor_fp64) return bits_of_integer(format_of(type), value);
  const double number = value;
  std::uint64_t bits;
  std::memcpy(&bits, &number, sizeof(bits));
  return bits;
}
std::uint64_t result_bits(Datapath type, int value) {
  switch (type) {
    case Datapath::tensor_bf16:
    case Datapath::tensor_e4m3:
      return bits_of_integer(format_of(Datapath::tensor_bf16), value);
    case Datapath::tensor_int8:
      return static_cast<std::uint32_t>(value);
    default:
      return operand_bits(type, value);
  }
}

std::unique_ptr<DeviceBuffer> uploaded(Gpu& gpu, const std::vector<unsigned char>& bytes) {
  auto buffer = gpu.allocate(bytes.size());
  cuda::check(cudaMemcpy(buffer->device_pointer(), bytes.data(), bytes.size(), cudaMemcpyHostToDevice),
              "upload");
  return buffer;
}

/// A matrix of k rows, each column along K: whole numbers from -most to most.
struct SmallMatrix {
  std::vector<int> values;
  std::vector<unsigned char> bytes;

  SmallMatrix(Datapath type, std::uint64_t count, int most, std::uint64_t seed) {
    const std::size_t bytes_each = gemm_operand_bytes(type);
    bytes.resize(count * bytes_each);
    for (std::uint64_t i = 0; i < count; ++i) {
      values.push_back(static_cast<int>(integer_up_to(most, memory::mix64(seed + i))));
      const std::uint64_t bits = operand_bits(type, values.back());
      std::memcpy(bytes.data() + i * bytes_each, &bits, bytes_each);
    }
  }
};

}  // namespace

std::unique_ptr<LibraryGemm> make_library_gemm(Gpu& gpu, const CublasLt& library, Datapath type,
                                               std::uint64_t seed) {
  return std::make_unique<LibraryGemmOnGpu>(gpu, library, type, seed);
}

std::uint64_t wrong_in_small_product(Gpu& gpu, const CublasLt& library, Datapath type) {
  constexpr GemmSize kSize{32, 48, 64};
  constexpr int kMost = 2;  // sums up to 256: exact in eight bits of mantissa
  const SmallMatrix a(type, kSize.k * kSize.m, kMost, 1), b(type, kSize.k * kSize.n, kMost, 100'000);
  const auto gemm = library.make_gemm(type, kSize);
  gemm->use(gemm->propose());
  const unsigned bytes = gemm_result_bytes(type);
  const auto on_a = uploaded(gpu, a.bytes), on_b = uploaded(gpu, b.bytes);
  const auto product = gpu.allocate(kSize.m * kSize.n * bytes);
  const auto workspace = gpu.allocate(std::max<std::size_t>(sizeof(Word128), gemm->workspace_bytes()));
  gemm->multiply(on_a->device_pointer(), on_b->device_pointer(), product->device_pointer(),
                 workspace->device_pointer(), cudaStreamPerThread);
  cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "product");
  const auto found = cuda::download<unsigned char>(product->device_pointer(), kSize.m * kSize.n * bytes);
  std::uint64_t wrong = 0;
  for (std::uint64_t column = 0; column < kSize.n; ++column) {
    for (std::uint64_t row = 0; row < kSize.m; ++row) {
      int sum = 0;
      for (std::uint64_t k = 0; k < kSize.k; ++k)
        sum += a.values[row * kSize.k + k] * b.values[column * kSize.k + k];
      const std::uint64_t expected = result_bits(type, sum);
      wrong += std::memcmp(found.data() + (column * kSize.m + row) * bytes, &expected, bytes) != 0 ? 1 : 0;
    }
  }
  return wrong;
}

}  // namespace assay::compute::ASSAY_TARGET
