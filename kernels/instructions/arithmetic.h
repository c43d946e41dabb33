// Arithmetic of the cores, one instruction each, so that the compiler puts no other in its place.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>

#include "harness/model/datapath.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

/// Functions that are approximated: PTX ISA gives bounds of their errors, no bits.
enum class Special { exp2, log2, reciprocal, reciprocal_root, root, sine, cosine, tanh };
inline constexpr int kSpecials = 8;

#if defined(__CUDACC__)

__device__ inline std::uint32_t bits_of(float value) {
  return __float_as_uint(value);
}
__device__ inline float float_of(std::uint32_t bits) {
  return __uint_as_float(bits);
}
__device__ inline double double_of(std::uint64_t bits) {
  return __longlong_as_double(static_cast<long long>(bits));
}
__device__ inline std::uint64_t bits_of(double value) {
  return static_cast<std::uint64_t>(__double_as_longlong(value));
}

__device__ inline float multiply_add(float a, float b, float c) {
  return __fmaf_rn(a, b, c);
}
__device__ inline double multiply_add(double a, double b, double c) {
  return __fma_rn(a, b, c);
}
/// fma.rn.f16x2: two halves in each word.
__device__ inline std::uint32_t multiply_add_halves(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  std::uint32_t d = 0;
  asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}
/// What an instruction on integers gave.
__device__ inline std::uint32_t integer(std::uint32_t result) {
  return result;
}

template <Special kWhich>
__device__ float special(float x) {
  float y = 0;
  if constexpr (kWhich == Special::exp2) asm("ex2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::log2) asm("lg2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::reciprocal) asm("rcp.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::reciprocal_root) asm("rsqrt.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::root) asm("sqrt.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::sine) asm("sin.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::cosine) asm("cos.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  if constexpr (kWhich == Special::tanh) asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

#elif defined(ASSAY_CUDA_EMULATION)

inline std::uint32_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
inline float float_of(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}
inline double double_of(std::uint64_t bits) {
  return std::bit_cast<double>(bits);
}
inline std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

inline float multiply_add(float a, float b, float c) {
  return cuda_emulation::result_of(Datapath::fp32, std::fma(a, b, c));
}
inline double multiply_add(double a, double b, double c) {
  return cuda_emulation::result_of(Datapath::fp64, std::fma(a, b, c));
}
inline std::uint32_t multiply_add_halves(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return cuda_emulation::result_of(Datapath::fp16, cuda_emulation::fma_of_halves(a, b, c));
}
inline std::uint32_t integer(std::uint32_t result) {
  return cuda_emulation::result_of(Datapath::integer, result);
}

template <Special kWhich>
float special(float x) {
  float y = 0;
  if constexpr (kWhich == Special::exp2) y = std::exp2(x);
  if constexpr (kWhich == Special::log2) y = std::log2(x);
  if constexpr (kWhich == Special::reciprocal) y = 1 / x;
  if constexpr (kWhich == Special::reciprocal_root) y = 1 / std::sqrt(x);
  if constexpr (kWhich == Special::root) y = std::sqrt(x);
  if constexpr (kWhich == Special::sine) y = std::sin(x);
  if constexpr (kWhich == Special::cosine) y = std::cos(x);
  if constexpr (kWhich == Special::tanh) y = std::tanh(x);
  return cuda_emulation::result_of(Datapath::special, y);
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
