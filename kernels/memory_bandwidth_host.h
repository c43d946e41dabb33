// The host half of the bandwidth measurement, over a simulated GPU's cells. No word depends on another, so
// order is free.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "kernels/memory_bandwidth.h"
#include "kernels/stream_plan.h"

namespace assay::memory::host {

class Bandwidth : public MemoryBandwidth {
 public:
  Bandwidth(Gpu& gpu, std::uint64_t bytes, std::uint64_t seed)
      : MemoryBandwidth(bytes),
        device_(*gpu.host()),
        plan_(seed),
        target_(gpu.allocate(bytes)),
        sources_{gpu.allocate(bytes), gpu.allocate(bytes)} {
    words_ = std::min({cells(*target_).words(), cells(*sources_[0]).words(), cells(*sources_[1]).words()});
    const Work work{0, 2.0 * static_cast<double>(bytes), WorkKind::write};
    device_.execute(work, [&] {
      for (int source = 0; source < 2; ++source) {
        for (std::uint64_t i = 0; i < words_; ++i) {
          cells(*sources_[source]).store(i, stream_word(plan_.source_seed(source), i));
        }
      }
    });
  }

  double run(Stream stream, int repetitions) override {
    const StreamStep step = plan_.next(stream);
    Work work = work_of(stream);
    work.bytes_read *= repetitions;
    work.bytes_written *= repetitions;
    // To repeat a launch leaves the cells as one launch does.
    return device_.execute(work, [&] { launch(step); });
  }

  std::uint64_t bad_words() override {
    std::uint64_t bad = wrong_sums_;
    const double bytes = static_cast<double>(bytes_per_buffer());
    device_.execute({3.0 * bytes, 0, WorkKind::read}, [&] {
      for (std::uint64_t i = 0; i < words_; ++i) {
        for (int source = 0; source < 2; ++source) {
          bad += cells(*sources_[source]).load(i) != stream_word(plan_.source_seed(source), i);
        }
        if (plan_.target_written()) bad += cells(*target_).load(i) != plan_.target_word(i);
      }
    });
    return bad;
  }

 private:
  static Cells& cells(DeviceBuffer& buffer) { return *buffer.cells(); }

  Work work_of(Stream stream) const {
    const double bytes = static_cast<double>(bytes_per_buffer());
    switch (stream) {
      case Stream::read:
        return {bytes, 0, WorkKind::read};
      case Stream::write:
        return {0, bytes, WorkKind::write};
      case Stream::copy:
        return {bytes, bytes, WorkKind::copy};
      case Stream::triad:
        break;
    }
    return {2 * bytes, bytes, WorkKind::triad};
  }

  void launch(const StreamStep& step) {
    Cells& target = cells(*target_);
    Cells& source = cells(*sources_[step.source]);
    Cells& other = cells(*sources_[1 - step.source]);
    std::uint64_t sum = 0, expected = 0;
    for (std::uint64_t i = 0; i < words_; ++i) {
      switch (step.stream) {
        case Stream::read:
          sum += checksum_term(source.load(i));
          expected += checksum_term(stream_word(plan_.source_seed(step.source), i));
          break;
        case Stream::write:
          target.store(i, stream_word(step.seed, i));
          break;
        case Stream::copy:
          target.store(i, source.load(i));
          break;
        case Stream::triad:
          target.store(i, triad_word(source.load(i), other.load(i)));
          break;
      }
    }
    wrong_sums_ += sum != expected;
  }

  HostDevice& device_;
  StreamPlan plan_;
  std::unique_ptr<DeviceBuffer> target_, sources_[2];
  std::uint64_t words_ = 0;
  std::uint64_t wrong_sums_ = 0;
};

}  // namespace assay::memory::host
