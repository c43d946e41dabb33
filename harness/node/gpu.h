// One GPU as a worker sees it: memory to allocate, and the place where kernels run.
//
// A kernel (kernels/*.cu) is built twice: for the card, and for the emulation of CUDA that a simulated GPU
// is. emulated() says which of the two applies; nothing above kernels/ asks.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "harness/model/finding_codes.h"
#include "harness/model/work.h"

namespace assay {

/// A failed device call, with the finding that it makes (model/finding_codes.h; a text, since nvcc cannot
/// read fmt, which FindingCode needs).
class DeviceError : public std::runtime_error {
 public:
  /// `pci_address`: of the GPU that it came from, where that is known.
  DeviceError(std::string code, const std::string& message, std::string pci_address = "")
      : std::runtime_error(message), code_(std::move(code)), pci_address_(std::move(pci_address)) {}
  const std::string& code() const { return code_; }
  const std::string& pci_address() const { return pci_address_; }

 private:
  std::string code_, pci_address_;
};

/// The unit of device memory access: 16 bytes, one vectorised load or store.
struct alignas(16) Word128 {
  std::uint64_t low;
  std::uint64_t high;
  friend constexpr bool operator==(const Word128& a, const Word128& b) {
    return a.low == b.low && a.high == b.high;
  }
  friend constexpr bool operator!=(const Word128& a, const Word128& b) { return !(a == b); }
};

/// One allocation.
class DeviceBuffer {
 public:
  virtual ~DeviceBuffer() = default;
  /// What was asked for: what capacity and time are counted by.
  virtual std::uint64_t bytes() const = 0;
  /// 16-byte words that are there for kernels to work on: of a large allocation on a simulated GPU a share.
  virtual std::uint64_t words() const = 0;
  virtual void* device_pointer() const = 0;
};

struct DeviceMemory {
  std::uint64_t total_bytes;
  std::uint64_t free_bytes;
};

class Gpu {
 public:
  virtual ~Gpu() = default;
  /// What the calling thread launches from now on runs on this GPU. Opening one, allocating and asking for
  /// its memory do the same: only a check that works on several has to say which.
  virtual void make_current() {}
  virtual DeviceMemory memory() = 0;
  /// Throws DeviceError of codes::device_memory when the device refuses.
  virtual std::unique_ptr<DeviceBuffer> allocate(std::uint64_t bytes) = 0;
  virtual int multiprocessors() const = 0;
  /// Bytes of last-level cache: what a second read has to push out first.
  virtual std::uint64_t l2_bytes() const = 0;
  virtual bool emulated() const = 0;
};

}  // namespace assay
