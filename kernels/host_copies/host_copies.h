// Copies over PCIe between a GPU and pinned memory of the host, each way and both at once, of pseudo-random
// data that are compared where they arrive: by the GPU's own kernel, and by the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "harness/node/host.h"
#include "kernels/bad_words.h"

namespace assay::pcie {

enum class Way { to_device, to_host, both };

/// 5 ms at the rate of sixteen lanes of the fifth generation: what comes before and after is nothing beside
/// it.
inline constexpr std::uint64_t kCopyBytes = 256ull << 20;

struct ArrivedBad {
  memory::BadWords on_device, on_host;
};

class HostCopies {
 public:
  virtual ~HostCopies() = default;
  /// Lets so many copies, one after the other in each way, begin. end() waits for them: their device seconds.
  virtual void begin(Way way, int copies) = 0;
  virtual double end() = 0;
  /// One copy of each way, to where nothing of it was before.
  virtual ArrivedBad look() = 0;
  /// What copies before this have left. On the host's side only where that is asked: its processor takes ten
  /// times as long for it as the copy took.
  virtual ArrivedBad compare(bool on_host) = 0;
  /// Of one copy, in one way.
  virtual std::uint64_t bytes() const = 0;
};

/// begin() of several, all at once, each on a GPU of its own; `gpu` is one of them. Their device seconds.
std::vector<double> copy_together(Gpu& gpu, const std::vector<HostCopies*>& all, Way way, int copies);

/// Host memory of this NUMA node. Throws DeviceError, and what Host::allocate() does.
std::unique_ptr<HostCopies> make_host_copies(Gpu& gpu, Host& host, int numa_node, std::uint64_t bytes,
                                             std::uint64_t seed);

/// What one copy asks for.
Work work_of(Way way, std::uint64_t bytes);
/// What one look asks for, beside its copies.
Work work_of_look(std::uint64_t bytes);

}  // namespace assay::pcie
