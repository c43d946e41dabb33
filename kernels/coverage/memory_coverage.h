// What the passes of the memory sweep detect of the classical fault models, on a small memory of odd size:
// raw cells and through ECC, with and without a write-back cache, in several orders of warps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/model/coverage.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"
#include "kernels/coverage/memory_fault_models.h"
#include "kernels/coverage/write_back_cache.h"
#include "kernels/memory_sweep.h"

namespace assay::memory {

inline constexpr int kCoveragePageShift = 8;  // two groups a page: march order matters within a page

struct Outcome {
  bool miscompare = false;
  bool ecc_event = false;
};

/// One draw of all that is not known of the card: the order of warps, and what its cache does with stores.
struct Draw {
  std::uint64_t order = 1;
  std::optional<WriteBackCache::Replacement> cache;  // none: stores reach the cells at once
};

/// A device with one fault in its only buffer.
class FaultyGpu {
 public:
  FaultyGpu(const ModelFault& fault, bool ecc, const Draw& draw);

  Gpu& operator*() const { return *gpu_; }
  DeviceBuffer& buffer() { return *buffer_; }
  Word128* words() const { return static_cast<Word128*>(buffer_->device_pointer()); }
  std::uint64_t size() const { return buffer_->words(); }
  /// As the passes meet it.
  cuda_emulation::FaultyMemory& memory() { return *device_.planted; }
  void end_of_pass();
  Outcome outcome(std::uint64_t bad_words) const { return {bad_words > 0, cells_.ecc_events() > 0}; }

 private:
  cuda_emulation::PlainDevice device_;
  std::unique_ptr<Gpu> gpu_;
  std::unique_ptr<DeviceBuffer> buffer_;
  FaultyCells cells_;
  std::optional<WriteBackCache> cache_;
};

struct FaultClass {
  std::string name;  // "idempotent coupling, same row"
  std::vector<ModelFault> faults;
  bool coupling = false;
};

/// All models, with 8 times `samples` of the faults that lie at one place, 16 times of those that need two.
std::vector<FaultClass> fault_classes(int samples);

/// What becomes of one fault.
using Trial = std::function<Outcome(const ModelFault&, bool ecc, const Draw&)>;

/// The worst draw's share of faults for which `seen` holds.
double worst_share(const FaultClass& faults, const Trial& trial, bool ecc, const std::vector<Draw>& draws,
                   const std::function<bool(Outcome)>& seen);
bool by_miscompare(Outcome outcome);
bool by_anything(Outcome outcome);
std::vector<Draw> draws_with_cache();

/// The passes, stopped at the first sign of the fault.
Trial trial_of(std::vector<Pass> passes);

/// Of a full set: by pattern on raw cells; whole, with the cache and through ECC.
Coverage sweep_coverage(int samples);
/// Of memory that is written, left alone and read again, beside the sweep's.
Coverage retention_coverage(int samples);

}  // namespace assay::memory
