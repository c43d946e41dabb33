// The host that the GPUs are in, as a worker sees it.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/node/bmc.h"
#include "harness/node/host_files.h"

namespace assay {

/// Memory of the host, all of whose pages are there. It begins with a page.
class HostMemory {
 public:
  virtual ~HostMemory() = default;
  virtual void* data() const = 0;
  virtual std::uint64_t bytes() const = 0;
};

inline constexpr int kAnyNumaNode = -1;

class Host {
 public:
  virtual ~Host() = default;
  virtual const HostFiles& files() const = 0;
  /// Of this NUMA node, or of whichever the kernel takes. Throws std::bad_alloc, and std::system_error where
  /// the node has none or may not be used.
  virtual std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) = 0;
  /// Bytes a second, read plus written, when all processors of this NUMA node (or of the machine) copy within
  /// its memory: the best of several rounds. Throws as allocate() does.
  virtual double memory_rate(int numa_node) = 0;
  virtual Bmc& bmc() = 0;
};

}  // namespace assay
