// A GPU through the CUDA runtime: the card's, or the emulation's.
#include <algorithm>
#include <cctype>

#include "kernels/cuda_support.h"
#include "kernels/driver_version.h"

#if defined(ASSAY_CUDA_EMULATION)
#include "harness/node_sim/cuda_emulation/emulated_gpu.h"
#else
#include "harness/node_real/cuda_gpu.h"
#endif

namespace assay {
namespace cuda {
inline namespace ASSAY_TARGET {
namespace {

/// Of the current device, as the plan writes it. Answers after an error that broke the context, too.
std::string current_address() {
  int device = 0;
  char address[32] = "";
  if (cudaGetDevice(&device) == cudaSuccess) cudaDeviceGetPCIBusId(address, sizeof(address), device);
  std::string text = address;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// What an error says of the device. Our kernels are known to be good: an exception in one of them is the
/// device's.
const char* finding_code(cudaError_t error) {
  switch (error) {
    case cudaErrorECCUncorrectable:
      return codes::ecc_uncorrectable;
    // A fault that the device contained: its own, or an access over NVLink that a peer, or what lies between,
    // did not answer. Whose it is, is known where the work has one device only (run/worker.cpp).
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
      return codes::contained_error;
    case cudaErrorMemoryAllocation:
      return codes::device_memory;
    case cudaErrorInsufficientDriver:
      return codes::driver_too_old;
    case cudaErrorSystemNotReady:
      return codes::fabric_manager;
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
      return codes::kernel_exception;
    default:
      return codes::device_call;
  }
}

class Buffer : public DeviceBuffer {
 public:
  explicit Buffer(std::uint64_t bytes) : bytes_(bytes) { check(cudaMalloc(&pointer_, bytes), "allocate"); }
  ~Buffer() override { cudaFree(pointer_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::uint64_t bytes() const override { return bytes_; }
  std::uint64_t words() const override {
#if defined(ASSAY_CUDA_EMULATION)
    return std::min(bytes_, cuda_emulation::backed_bytes(pointer_)) / sizeof(Word128);
#else
    return bytes_ / sizeof(Word128);
#endif
  }
  void* device_pointer() const override {
    return pointer_;
  }

 private:
  std::uint64_t bytes_;
  void* pointer_ = nullptr;
};

class CudaGpu : public Gpu {
 public:
  explicit CudaGpu(const std::string& pci_address) try {
    check(cudaDeviceGetByPCIBusId(&device_, pci_address.c_str()), "find the GPU by its PCI address");
    make_current();
    check(cudaGetDeviceProperties(&properties_, device_), "device properties");
  } catch (const DeviceError& error) {
    throw DeviceError(error.code(), error.what(), pci_address);  // another may still be the current one
  }

  void make_current() override { check(cudaSetDevice(device_), "select the GPU"); }
  DeviceMemory memory() override {
    make_current();
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "memory size");
    return {total, free};
  }
  std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) override {
    make_current();
    return std::make_unique<Buffer>(bytes);
  }
  int multiprocessors() const override { return properties_.multiProcessorCount; }
  std::uint64_t l2_bytes() const override { return static_cast<std::uint64_t>(properties_.l2CacheSize); }
#if defined(ASSAY_CUDA_EMULATION)
  bool emulated() const override {
    return true;
  }
#else
  bool emulated() const override {
    return false;
  }
#endif

 private:
  int device_ = 0;
  cudaDeviceProp properties_{};
};

}  // namespace

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // a refused call is over; an error that broke the context comes back by itself
#if !defined(ASSAY_CUDA_EMULATION)
  if (error == cudaErrorInsufficientDriver) {
    int driver = 0;
    cudaDriverGetVersion(&driver);
    throw insufficient_driver(driver, CUDART_VERSION);
  }
#endif
  throw DeviceError(finding_code(error),
                    std::string(what) + ": " + cudaGetErrorName(error) + ": " + cudaGetErrorString(error),
                    current_address());
}

std::unique_ptr<Gpu> open_gpu(const std::string& pci_address) {
  return std::make_unique<CudaGpu>(pci_address);
}

}  // namespace ASSAY_TARGET
}  // namespace cuda

#if defined(ASSAY_CUDA_EMULATION)
std::unique_ptr<Gpu> cuda_emulation::open_emulated_gpu(const std::string& pci_address) {
  return cuda::open_gpu(pci_address);
}
#else
std::unique_ptr<Gpu> open_cuda_gpu(const std::string& pci_address) {
  return cuda::open_gpu(pci_address);
}

std::string cuda::why_no_device() {
  int devices = 0;
  try {
    cuda::check(cudaGetDeviceCount(&devices), "devices");
  } catch (const DeviceError& error) {
    return error.what();
  }
  return devices > 0 ? "" : "the driver lists none";
}
#endif

}  // namespace assay
