// Hopper's tensor cores: is an instruction's result, layout and rate what kernels will rely on?
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "kernels/cuda_support.h"
#include "kernels/memory_bandwidth.h"
#include "silicon/probe/parts.h"
#include "silicon/probe/tensor_elements.h"
#include "silicon/probe/tensor_layout.h"
#include "silicon/probe/wgmma_forms_sm90a.h"

namespace assay::silicon {
namespace {

constexpr int kRows = 64, kThreads = 128, kMostSteps = 4, kBytesOfStep = 32;

struct Operand {
  Strides strides;
  std::uint32_t offset[kMostSteps];  // of each instruction's 32 bytes of K
  std::uint32_t bytes;               // of the image
};

__device__ std::uint64_t descriptor(std::uint32_t shared_address, const Strides& strides) {
  const auto field = [](std::uint32_t bytes) { return static_cast<std::uint64_t>((bytes & 0x3FFFF) >> 4); };
  return field(shared_address) | field(strides.leading) << 16 | field(strides.stride) << 32 |
         static_cast<std::uint64_t>(strides.swizzle_mode) << 62;
}

template <int kCount>
__device__ void touch(std::uint32_t (&d)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) asm volatile("" : "+r"(d[i])::"memory");
}

/// As many as have registers enough: 65536 of an SM.
template <typename Form>
constexpr unsigned kMostGroups = Form::kRegisters > 64 ? 2 : 4;

/// Every warp group of the block multiplies the same tile. `d` holds, register by register, what each thread
/// begins with; behind that, what it ends with. All of it `repetitions` times.
template <typename Form, int kSteps>
__global__ void __launch_bounds__(kMostGroups<Form>* kThreads, 1)
    multiply(const uint4* images, Operand a, Operand b, int repetitions, std::uint32_t* d,
             long long* cycles) {
  extern __shared__ __align__(1024) unsigned char shared[];
  auto* const to = reinterpret_cast<uint4*>(shared);
  for (unsigned i = threadIdx.x; i < (a.bytes + b.bytes) / sizeof(uint4); i += blockDim.x) to[i] = images[i];
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  std::uint32_t mine[Form::kRegisters];
  const int thread = static_cast<int>(threadIdx.x) % kThreads;
#pragma unroll
  for (int i = 0; i < Form::kRegisters; ++i) mine[i] = d[i * kThreads + thread];
  const auto base = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  std::uint64_t of_a[kSteps], of_b[kSteps];
#pragma unroll
  for (int step = 0; step < kSteps; ++step) {
    of_a[step] = descriptor(base + a.offset[step], a.strides);
    of_b[step] = descriptor(base + a.bytes + b.offset[step], b.strides);
  }
  const long long start = clock64();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    touch(mine);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
    for (int step = 0; step < kSteps; ++step) Form::multiply(mine, of_a[step], of_b[step]);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    touch(mine);
  }
  const long long end = clock64();
  if (blockIdx.x == 0 && threadIdx.x / kThreads == 0) {
#pragma unroll
    for (int i = 0; i < Form::kRegisters; ++i) d[(Form::kRegisters + i) * kThreads + thread] = mine[i];
  } else if (mine[0] == 0xdeadbeef) {
    d[0] = mine[1];  // the work of the others must not be left out
  }
  if (threadIdx.x == 0) cycles[blockIdx.x] = end - start;
}

struct Matrix {
  int rows, k;
  std::vector<std::uint32_t> bits;  // rows x k
  std::uint32_t& at(int row, int column) { return bits[static_cast<std::size_t>(row * k + column)]; }
};

Operand place_operand(Matrix& matrix, const Element& element, const Layout& layout, int steps,
                      std::vector<std::uint8_t>& image) {
  Operand operand{};
  operand.strides = strides(layout, matrix.rows);
  for (int s = 0; s < steps; ++s)
    operand.offset[s] = step_offset(layout, matrix.rows, static_cast<std::uint32_t>(s));
  operand.bytes = image_bytes(layout, matrix.rows, steps);
  std::vector<std::uint8_t> mine(operand.bytes);
  for (int row = 0; row < matrix.rows; ++row) {
    for (int k = 0; k < matrix.k; ++k) {
      for (int byte = 0; byte < element.bytes; ++byte)
        mine[place(layout, matrix.rows, static_cast<std::uint32_t>(row),
                   static_cast<std::uint32_t>(k * element.bytes + byte))] =
            static_cast<std::uint8_t>(matrix.at(row, k) >> (8 * byte));
    }
  }
  image.insert(image.end(), mine.begin(), mine.end());
  return operand;
}

enum class Result { f32, f16, s32 };

struct FormInfo {
  const char* name;
  Element a, b;
  Layout layout_a, layout_b;
  Result result;
  double greatest;  // of the integers that still add up exactly
};

int row_of(int thread, int i) {
  return 16 * (thread / 32) + thread % 32 / 4 + 8 * (i >> 1 & 1);
}
int column_of(int thread, int i) {
  return 8 * (i >> 2) + 2 * (thread % 4) + (i & 1);
}

/// Element `i` of a thread's fragment.
double result_of(Result result, const std::vector<std::uint32_t>& d, int thread, int i) {
  if (result == Result::f16) {
    const std::uint32_t pair = d[static_cast<std::size_t>(i / 2 * kThreads + thread)];
    return decode(kF16, pair >> (16 * (i % 2)) & 0xffff);
  }
  const std::uint32_t word = d[static_cast<std::size_t>(i * kThreads + thread)];
  if (result == Result::s32) return static_cast<std::int32_t>(word);
  float value = 0;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

/// The operands and accumulators of one launch, on the device.
class OnDevice {
 public:
  OnDevice(const std::vector<std::uint8_t>& image, const std::vector<std::uint32_t>& d, unsigned blocks)
      : shared_bytes_(image.size()), d_words_(d.size()), cycles_(blocks) {
    cuda::check(cudaMalloc(&image_on_device_, image.size()), "allocate");
    cuda::check(cudaMalloc(&d_on_device_, 2 * d.size() * sizeof(d[0])), "allocate");
    cuda::check(cudaMalloc(&cycles_on_device_, blocks * sizeof(long long)), "allocate");
    cuda::check(cudaMemcpy(image_on_device_, image.data(), image.size(), cudaMemcpyHostToDevice), "upload");
    cuda::check(cudaMemcpy(d_on_device_, d.data(), d.size() * sizeof(d[0]), cudaMemcpyHostToDevice),
                "upload");
  }
  ~OnDevice() {
    for (void* memory : {image_on_device_, d_on_device_, cycles_on_device_}) cudaFree(memory);
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

  /// Seconds.
  template <typename Form>
  double multiply(const Operand& a, const Operand& b, int steps, unsigned groups = 1, int repetitions = 1) {
    const auto kernel = steps == 1 ? silicon::multiply<Form, 1> : silicon::multiply<Form, kMostSteps>;
    cuda::check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                     static_cast<int>(shared_bytes_)),
                "shared memory");
    watch_.start();
    kernel<<<static_cast<unsigned>(cycles_.size()), groups * kThreads, shared_bytes_>>>(
        static_cast<const uint4*>(image_on_device_), a, b, repetitions,
        static_cast<std::uint32_t*>(d_on_device_), static_cast<long long*>(cycles_on_device_));
    cuda::check(cudaGetLastError(), "launch");
    return watch_.stop();
  }
  /// What the first warp group of the first block ended with.
  std::vector<std::uint32_t> d() const {
    std::vector<std::uint32_t> result(d_words_);
    const std::size_t bytes = d_words_ * sizeof(std::uint32_t);
    cuda::check(
        cudaMemcpy(result.data(), static_cast<char*>(d_on_device_) + bytes, bytes, cudaMemcpyDeviceToHost),
        "download");
    return result;
  }
  /// Of every block.
  std::vector<long long> cycles() {
    cuda::check(cudaMemcpy(cycles_.data(), cycles_on_device_, cycles_.size() * sizeof(long long),
                           cudaMemcpyDeviceToHost),
                "download");
    return cycles_;
  }

 private:
  std::size_t shared_bytes_;
  std::size_t d_words_;
  std::vector<long long> cycles_;
  void *image_on_device_ = nullptr, *d_on_device_ = nullptr, *cycles_on_device_ = nullptr;
  cuda::Stopwatch watch_;
};

Matrix integers(std::mt19937& draw, const Element& element, int rows, int k, double greatest) {
  Matrix matrix{rows, k, std::vector<std::uint32_t>(static_cast<std::size_t>(rows * k))};
  const int most = static_cast<int>(greatest);
  std::uniform_int_distribution<int> any(element.is_signed ? -most : 0, most);
  for (std::uint32_t& bits : matrix.bits) bits = encode(element, any(draw));
  return matrix;
}

/// Small integers, both operands without any symmetry: every product and sum is exact, so one wrong place
/// shows.
template <typename Form>
void exact(const FormInfo& form) {
  std::mt19937 draw(7);
  for (const int steps : {1, kMostSteps}) {
    const int k = steps * kBytesOfStep / form.a.bytes;
    Matrix a = integers(draw, form.a, kRows, k, form.greatest),
           b = integers(draw, form.b, Form::kColumns, k, form.greatest);
    std::vector<std::uint8_t> image;
    const Operand of_a = place_operand(a, form.a, form.layout_a, steps, image),
                  of_b = place_operand(b, form.b, form.layout_b, steps, image);
    OnDevice run(image, std::vector<std::uint32_t>(Form::kRegisters * kThreads), 1);
    run.multiply<Form>(of_a, of_b, steps);
    const std::vector<std::uint32_t> d = run.d();
    const int elements = Form::kRegisters * (form.result == Result::f16 ? 2 : 1);
    int wrong = 0;
    nlohmann::json first;
    for (int thread = 0; thread < kThreads; ++thread) {
      for (int i = 0; i < elements; ++i) {
        const int row = row_of(thread, i), column = column_of(thread, i);
        double sum = 0;
        for (int x = 0; x < k; ++x) sum += decode(form.a, a.at(row, x)) * decode(form.b, b.at(column, x));
        const double got = result_of(form.result, d, thread, i);
        if (got == sum) continue;
        if (wrong++ == 0) first = {{"row", row}, {"column", column}, {"wanted", sum}, {"got", got}};
      }
    }
    say({{"form", form.name},
         {"a", form.layout_a.name},
         {"b", form.layout_b.name},
         {"steps", steps},
         {"elements", elements * kThreads},
         {"wrong", wrong},
         {"first_wrong", first}});
  }
}

/// Normal numbers of any sign and mantissa whose exponents lie within `spread` of one another.
Matrix reals(std::mt19937& draw, const Element& element, int rows, int k, int spread) {
  Matrix matrix{rows, k, std::vector<std::uint32_t>(static_cast<std::size_t>(rows * k))};
  std::uniform_int_distribution<int> exponent(element.bias - spread / 2, element.bias + spread / 2);
  for (std::uint32_t& bits : matrix.bits) {
    const auto random = static_cast<std::uint32_t>(draw());
    std::uint32_t mantissa = random & ((1u << element.mantissa_bits) - 1);
    if (element.mantissa_bits == 23) mantissa &= ~0x1fffu;  // tf32 has ten bits
    bits = (random >> 31) << (element.mantissa_bits + element.exponent_bits) |
           static_cast<std::uint32_t>(exponent(draw)) << element.mantissa_bits | mantissa;
  }
  return matrix;
}

/// One instruction on random numbers: which width of the aligned sum explains every bit of the result?
template <typename Form>
void numerics(const FormInfo& form, int spread, bool with_c) {
  std::mt19937 draw(11);
  const int k = kBytesOfStep / form.a.bytes;
  Matrix a = reals(draw, form.a, kRows, k, spread), b = reals(draw, form.b, Form::kColumns, k, spread);
  std::vector<std::uint8_t> image;
  const Operand of_a = place_operand(a, form.a, form.layout_a, 1, image),
                of_b = place_operand(b, form.b, form.layout_b, 1, image);
  std::vector<std::uint32_t> c(Form::kRegisters * kThreads);
  if (with_c) {
    std::uniform_real_distribution<float> any(-8, 8);
    for (std::uint32_t& bits : c) {
      const float value = any(draw);
      std::memcpy(&bits, &value, sizeof(bits));
    }
  }
  OnDevice run(image, c, 1);
  run.multiply<Form>(of_a, of_b, 1);
  const std::vector<std::uint32_t> d = run.d();
  struct Match {
    int fraction_bits, result_bits, equal;
  };
  std::vector<Match> matches;
  const int elements = Form::kRegisters * kThreads;
  for (int fraction_bits = 10; fraction_bits <= 30; ++fraction_bits) {
    for (const int result_bits : {10, 13, 14, 23}) {
      int equal = 0;
      for (int thread = 0; thread < kThreads; ++thread) {
        for (int i = 0; i < Form::kRegisters; ++i) {
          std::vector<double> of_row, of_column;
          for (int x = 0; x < k; ++x) {
            of_row.push_back(decode(form.a, a.at(row_of(thread, i), x)));
            of_column.push_back(decode(form.b, b.at(column_of(thread, i), x)));
          }
          const double begin = result_of(form.result, c, thread, i);
          equal += accumulate(of_row, of_column, begin, fraction_bits, result_bits) ==
                   result_of(form.result, d, thread, i);
        }
      }
      matches.push_back({fraction_bits, result_bits, equal});
    }
  }
  std::sort(matches.begin(), matches.end(), [](const Match& x, const Match& y) { return x.equal > y.equal; });
  // Up to the last bit of a mantissa that any result has.
  int last_bit = 0;
  for (const std::uint32_t bits : d) {
    if ((bits & 0x7fffff) != 0) last_bit = std::max(last_bit, 23 - __builtin_ctz(bits & 0x7fffff));
  }
  nlohmann::json best = nlohmann::json::array();
  for (int i = 0; i < 6; ++i)
    best.push_back({{"fraction_bits", matches[static_cast<std::size_t>(i)].fraction_bits},
                    {"result_bits", matches[static_cast<std::size_t>(i)].result_bits},
                    {"equal", matches[static_cast<std::size_t>(i)].equal}});
  say({{"form", form.name},
       {"numerics", with_c ? "products and c" : "products"},
       {"exponents_spread", spread},
       {"elements", elements},
       {"mantissa_bits_used", last_bit},
       {"best", best}});
}

/// Clocks an instruction, of one to four warp groups on every SM.
template <typename Form>
void rate(const FormInfo& form, unsigned sms) {
  std::mt19937 draw(5);
  const int k = kMostSteps * kBytesOfStep / form.a.bytes;
  Matrix a = integers(draw, form.a, kRows, k, 1), b = integers(draw, form.b, Form::kColumns, k, 1);
  std::vector<std::uint8_t> image;
  const Operand of_a = place_operand(a, form.a, form.layout_a, kMostSteps, image),
                of_b = place_operand(b, form.b, form.layout_b, kMostSteps, image);
  nlohmann::json of_groups;
  for (unsigned groups = 1; groups <= kMostGroups<Form>; ++groups) {
    constexpr int kRepetitions = 256;
    OnDevice run(image, std::vector<std::uint32_t>(Form::kRegisters * kThreads), sms);
    for (int i = 0; i < 2; ++i) run.multiply<Form>(of_a, of_b, kMostSteps, groups, kRepetitions);
    std::vector<long long> cycles = run.cycles();
    std::sort(cycles.begin(), cycles.end());
    const double instructions = 1.0 * kRepetitions * kMostSteps * groups;
    of_groups.push_back({{"groups", groups},
                         {"cycles_median", static_cast<double>(cycles[cycles.size() / 2]) / instructions},
                         {"cycles_least", static_cast<double>(cycles.front()) / instructions},
                         {"cycles_most", static_cast<double>(cycles.back()) / instructions}});
  }
  say({{"form", form.name}, {"columns", Form::kColumns}, {"clocks_an_instruction", of_groups}});
}

enum class Data { zero, integers, random };

/// Two warp groups an SM multiply from shared memory alone: the tensor cores' heat without the memory's.
template <typename Form>
void power(const FormInfo& form, Data data, unsigned sms, double seconds) {
  std::mt19937 draw(3);
  const int k = kMostSteps * kBytesOfStep / form.a.bytes;
  const auto matrix = [&](const Element& element, int rows) {
    if (data == Data::random) return reals(draw, element, rows, k, 6);
    return integers(draw, element, rows, k, data == Data::zero ? 0 : form.greatest);
  };
  Matrix a = matrix(form.a, kRows), b = matrix(form.b, Form::kColumns);
  std::vector<std::uint8_t> image;
  const Operand of_a = place_operand(a, form.a, form.layout_a, kMostSteps, image),
                of_b = place_operand(b, form.b, form.layout_b, kMostSteps, image);
  OnDevice run(image, std::vector<std::uint32_t>(Form::kRegisters * kThreads), sms);
  constexpr int kRepetitions = 20000;
  constexpr unsigned kGroups = 2;
  const double operations = 2.0 * kRows * Form::kColumns * k * kGroups * sms * kRepetitions;
  nlohmann::json line = sampled_while(
      [&] { return operations / run.multiply<Form>(of_a, of_b, kMostSteps, kGroups, kRepetitions) / 1e12; },
      seconds);
  line["form"] = form.name;
  line["data"] = data == Data::zero ? "zeros" : data == Data::random ? "random" : "integers";
  line["rate_unit"] = "TFLOP/s";
  say(line);
}

/// Copies on a stream of its own while it lives.
class CopyBeside {
 public:
  explicit CopyBeside(Gpu& gpu)
      : copying_([this, &gpu] {
          try {
            const auto bandwidth = memory::make_memory_bandwidth(gpu, memory::default_stream_bytes(gpu), 5);
            constexpr int kLaunches = 10;
            while (!over_) {
              rates_.push_back(bandwidth->bytes(memory::Stream::copy) * kLaunches /
                               bandwidth->run(memory::Stream::copy, kLaunches) / 1e9);
            }
          } catch (const std::exception& error) {
            failed_ = error.what();
          }
        }) {}
  ~CopyBeside() {
    if (copying_.joinable()) end();
  }
  nlohmann::json end() {
    over_ = true;
    copying_.join();
    return {{"copy_gb_per_s", spread(rates_)}, {"failed", failed_}};
  }

 private:
  std::atomic<bool> over_ = false;
  std::vector<double> rates_;
  std::string failed_;
  std::thread copying_;
};

}  // namespace

void tensor(const Arguments&) {
  const auto gpu = first_gpu();
  const auto sms = static_cast<unsigned>(gpu->multiprocessors());
  const FormInfo bf16{"bf16", kBf16, kBf16, kPlain, kPlain, Result::f32, 100};
  const FormInfo f16{"f16", kF16, kF16, kPlain, kPlain, Result::f32, 100};
  const FormInfo f16_to_f16{"f16 to f16", kF16, kF16, kPlain, kPlain, Result::f16, 5};
  const FormInfo tf32{"tf32", kTf32, kTf32, kPlain, kPlain, Result::f32, 500};
  const FormInfo e4m3{"e4m3", kE4m3, kE4m3, kPlain, kPlain, Result::f32, 8};
  const FormInfo e5m2{"e5m2", kE5m2, kE5m2, kPlain, kPlain, Result::f32, 4};
  const FormInfo mixed{"e4m3 x e5m2", kE4m3, kE5m2, kPlain, kPlain, Result::f32, 4};
  const FormInfo s8{"s8", kS8, kS8, kPlain, kPlain, Result::s32, 127};
  const FormInfo u8{"u8 x s8", kU8, kS8, kPlain, kPlain, Result::s32, 127};
  exact<Bf16N8>(bf16);
  exact<Bf16>(bf16);
  exact<Bf16N256>(bf16);
  for (const Layout& layout : {kSwizzle32, kSwizzle64, kSwizzle128}) {
    FormInfo swizzled = bf16;
    swizzled.layout_a = swizzled.layout_b = layout;
    exact<Bf16>(swizzled);
    FormInfo bytes = e4m3;
    bytes.layout_a = bytes.layout_b = layout;
    exact<E4m3>(bytes);
  }
  for (const Layout& layout : {kTransposed, kTransposed128}) {
    FormInfo transposed = bf16;
    transposed.layout_a = layout;
    exact<Bf16TransposedA>(transposed);
    transposed = bf16;
    transposed.layout_b = layout;
    exact<Bf16TransposedB>(transposed);
  }
  exact<F16>(f16);
  exact<F16ToF16>(f16_to_f16);
  exact<Tf32>(tf32);
  exact<E4m3>(e4m3);
  exact<E5m2>(e5m2);
  exact<E4m3E5m2>(mixed);
  exact<S8>(s8);
  exact<U8S8>(u8);
  for (const bool with_c : {false, true}) {
    for (const int spread : {4, 12}) {
      numerics<Bf16>(bf16, spread, with_c);
      numerics<F16>(f16, spread, with_c);
      numerics<Tf32>(tf32, spread, with_c);
      numerics<E4m3>(e4m3, spread, with_c);
      numerics<E5m2>(e5m2, spread, with_c);
    }
  }
  rate<Bf16N8>(bf16, sms);
  rate<Bf16>(bf16, sms);
  rate<Bf16N256>(bf16, sms);
  rate<F16N256>(f16, sms);
  rate<F16ToF16>(f16_to_f16, sms);
  rate<Tf32N256>(tf32, sms);
  rate<E4m3N256>(e4m3, sms);
  rate<S8N256>(s8, sms);
  FormInfo swizzled = bf16;
  swizzled.layout_a = swizzled.layout_b = kSwizzle128;
  rate<Bf16N256>(swizzled, sms);
}

void tensor_power(const Arguments& arguments) {
  const auto gpu = first_gpu();
  const auto sms = static_cast<unsigned>(gpu->multiprocessors());
  const double seconds = number_after(arguments, "--seconds", 3);
  const FormInfo bf16{"bf16", kBf16, kBf16, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo f16{"f16", kF16, kF16, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo tf32{"tf32", kTf32, kTf32, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo e4m3{"e4m3", kE4m3, kE4m3, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo s8{"s8", kS8, kS8, kSwizzle128, kSwizzle128, Result::s32, 127};
  power<Bf16N256>(bf16, Data::zero, sms, seconds);
  power<Bf16N256>(bf16, Data::integers, sms, seconds);
  power<Bf16N256>(bf16, Data::random, sms, seconds);
  power<F16N256>(f16, Data::random, sms, seconds);
  power<Tf32N256>(tf32, Data::random, sms, seconds);
  power<E4m3N256>(e4m3, Data::random, sms, seconds);
  power<S8N256>(s8, Data::integers, sms, seconds);
  for (const bool eight_bits : {false, true}) {
    CopyBeside copy(*gpu);
    if (eight_bits) {
      power<E4m3N256>(e4m3, Data::random, sms, seconds);
    } else {
      power<Bf16N256>(bf16, Data::random, sms, seconds);
    }
    say({{"beside", copy.end()}});
  }
}

}  // namespace assay::silicon
