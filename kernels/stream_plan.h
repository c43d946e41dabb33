// Which data each bandwidth launch works on, and what the target must hold afterwards. The same for device
// and host.
#pragma once

#include <cstdint>

#include "kernels/stream_data.h"

namespace assay::memory {

/// One call of MemoryBandwidth::run, as its launches and its verification see it.
struct StreamStep {
  Stream stream = Stream::read;
  int source = 0;          // 0 or 1: what is read, copied, or triad's b; triad's c is the other
  std::uint64_t seed = 0;  // write's data
};

class StreamPlan {
 public:
  explicit StreamPlan(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t source_seed(int source) const {
    return mix64(seed_ ^ static_cast<std::uint64_t>(source + 1));
  }

  /// The sources change places, and write's seed moves on, with every step.
  StreamStep next(Stream stream) {
    ++steps_;
    const StreamStep step{stream, static_cast<int>(steps_ % 2), mix64(seed_ ^ (steps_ << 8))};
    if (stream != Stream::read) {
      target_ = step;
      target_written_ = true;
    }
    return step;
  }

  bool target_written() const { return target_written_; }
  const StreamStep& target() const { return target_; }

  Word128 target_word(std::uint64_t index) const {
    return target_word(target_, source_seed(target_.source), source_seed(1 - target_.source), index);
  }

  /// What a step leaves at `index`, given the seeds of its source and of the other one.
  ASSAY_HD static Word128 target_word(const StreamStep& step, std::uint64_t source, std::uint64_t other,
                                      std::uint64_t index) {
    if (step.stream == Stream::write) return stream_word(step.seed, index);
    if (step.stream == Stream::copy) return stream_word(source, index);
    return triad_word(stream_word(source, index), stream_word(other, index));
  }

 private:
  std::uint64_t seed_;
  std::uint64_t steps_ = 0;
  StreamStep target_;
  bool target_written_ = false;
};

}  // namespace assay::memory
