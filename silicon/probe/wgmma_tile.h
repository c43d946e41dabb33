// One tile multiplied by wgmma, as often as is asked for: operands laid out on the host, the launch, what
// came of it.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/cuda_support.h"
#include "kernels/instructions/wgmma.h"
#include "silicon/probe/tensor_elements.h"
#include "silicon/probe/tensor_layout.h"

namespace assay::silicon {

using namespace cuda::wgmma;

inline constexpr int kRows = 64, kThreads = 128, kMostSteps = 4, kBytesOfStep = 32;

struct Operand {
  Strides strides;
  std::uint32_t offset[kMostSteps];  // of each instruction's 32 bytes of K
  std::uint32_t bytes;               // of the image
};

__device__ inline std::uint64_t wgmma_descriptor(std::uint32_t shared_address, const Strides& strides) {
  return cuda::wgmma_descriptor(shared_address, {strides.leading, strides.stride, strides.swizzle_mode});
}

/// As many as have registers enough: 65536 of an SM.
template <typename Form>
inline constexpr unsigned kMostGroups = Form::kRegisters > 64 ? 2 : 4;

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
    of_a[step] = wgmma_descriptor(base + a.offset[step], a.strides);
    of_b[step] = wgmma_descriptor(base + a.bytes + b.offset[step], b.strides);
  }
  const long long start = clock64();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    cuda::touch(mine);
    cuda::wgmma_fence();
#pragma unroll
    for (int step = 0; step < kSteps; ++step) Form::multiply(mine, of_a[step], of_b[step]);
    cuda::wgmma_commit();
    cuda::wgmma_wait();
    cuda::touch(mine);
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

inline Operand place_operand(Matrix& matrix, const Element& element, const Layout& layout, int steps,
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

inline Matrix integers(std::mt19937& draw, const Element& element, int rows, int k, double greatest) {
  Matrix matrix{rows, k, std::vector<std::uint32_t>(static_cast<std::size_t>(rows * k))};
  const int most = static_cast<int>(greatest);
  std::uniform_int_distribution<int> any(element.is_signed ? -most : 0, most);
  for (std::uint32_t& bits : matrix.bits) bits = encode(element, any(draw));
  return matrix;
}

/// Normal numbers of any sign and mantissa whose exponents lie within `spread` of one another.
inline Matrix reals(std::mt19937& draw, const Element& element, int rows, int k, int spread) {
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

}  // namespace assay::silicon
