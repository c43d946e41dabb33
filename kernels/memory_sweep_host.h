// The host half of the sweep: the device's grid, replayed over a simulated GPU's cells.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/host_grid.h"
#include "kernels/memory_sweep.h"

namespace assay::memory {

/// A buffer's place in the region. First words are multiples of two pages: positions and page parity need no
/// carry.
struct Chunk {
  DeviceBuffer* buffer;
  std::uint32_t number;
  std::uint64_t first_word;
  std::uint64_t words;
};

/// Counts of words and bits from the histogram, which is exact.
inline void total_up(SweepReport& report) {
  report.bad_words = report.bad_bits = 0;
  for (int bits = 1; bits <= kBitsPerWord; ++bits) {
    report.bad_words += report.flipped_bits[bits];
    report.bad_bits += report.flipped_bits[bits] * static_cast<std::uint64_t>(bits);
  }
}

namespace host {

inline void count_flipped(SweepReport& report, Word128 flipped) {
  for (int bit = 0; bit < kBitsPerWord; ++bit) {
    report.per_bit[bit] += ((bit < 64 ? flipped.low >> bit : flipped.high >> (bit - 64)) & 1);
  }
  ++report.flipped_bits[__builtin_popcountll(flipped.low) + __builtin_popcountll(flipped.high)];
}

/// One warp of one pass: walks its page group by group, in march order.
template <PatternKind kKind>
class Warp {
 public:
  Warp(const Pass& pass, std::uint32_t pass_number, const Chunk& chunk, std::uint64_t begin,
       std::uint64_t end, RandomOrder& order, SweepReport& report)
      : pass_(&pass),
        pass_number_(pass_number),
        chunk_(&chunk),
        cells_(chunk.buffer->cells()),
        begin_(begin),
        end_(end),
        groups_((end - begin + kGroupWords - 1) / kGroupWords),
        order_(&order),
        report_(&report) {}

  /// All loads of a group, or all its stores: other warps may come between the two.
  bool step() {
    if (pass_->read && !loaded_) {
      load_group();
      loaded_ = true;
      if (pass_->write) return true;
    }
    if (pass_->write) store_group();
    loaded_ = false;
    held_[0] = held_[1] = 0;
    return ++group_ < groups_;
  }

 private:
  std::uint64_t base() const {
    return begin_ + (pass_->descending ? groups_ - 1 - group_ : group_) * kGroupWords;
  }

  void load_group() {
    const std::uint64_t first = base();
    const auto count = static_cast<int>(std::min<std::uint64_t>(kGroupWords, end_ - first));
    for (int i = 0; i < count; ++i) {
      const std::uint64_t word = first + static_cast<std::uint64_t>(i);
      const Word128 actual = cells_->load(word);
      const Word128 expected = pattern_word<kKind>(pass_->pattern, chunk_->first_word + word);
      const Word128 flipped = actual ^ expected;
      if (!is_zero(flipped)) record(word, i, expected, actual, flipped);
    }
  }

  void record(std::uint64_t word, int place, Word128 expected, Word128 actual, Word128 flipped) {
    count_flipped(*report_, flipped);
    if (report_->recorded == kMaxMiscompares) return;
    report_->miscompares[report_->recorded++] = Miscompare{
        expected,       actual,      Word128{0, 0}, chunk_->first_word + word, word * sizeof(Word128),
        chunk_->number, pass_number_};
    held_[place / 64] |= 1ULL << (place % 64);
  }

  void store_group() {
    const std::uint64_t first = base();
    Pattern pattern = pass_->pattern;
    pattern.inverted ^= pass_->read;
    // The lanes of one store have no order among themselves.
    const auto lanes = static_cast<int>(order_->next() % kLanes);
    for (int step = 0; step < kGroupWords; ++step) {
      const int place = (pass_->descending ? kGroupWords - 1 - step : step) ^ lanes;
      const std::uint64_t word = first + static_cast<std::uint64_t>(place);
      if (word >= end_ || (held_[place / 64] >> (place % 64) & 1)) continue;
      cells_->store(word, pattern_word<kKind>(pattern, chunk_->first_word + word));
    }
  }

  const Pass* pass_;
  std::uint32_t pass_number_;
  const Chunk* chunk_;
  Cells* cells_;
  std::uint64_t begin_, end_, groups_;
  std::uint64_t group_ = 0;
  RandomOrder* order_;
  SweepReport* report_;
  bool loaded_ = false;
  std::uint64_t held_[2] = {0, 0};  // recorded words keep what they hold until the second read
};

class Sweep : public MemorySweep {
 public:
  Sweep(HostDevice& device, std::vector<Chunk> chunks, int page_shift)
      : device_(device), chunks_(std::move(chunks)), page_words_(1ULL << page_shift) {}

  PassResult run(const Pass& pass) override {
    Work work{0, 0, WorkKind::sweep};
    for (const Chunk& chunk : chunks_) {
      if (pass.read) work.bytes_read += static_cast<double>(chunk.buffer->bytes());
      if (pass.write) work.bytes_written += static_cast<double>(chunk.buffer->bytes());
    }
    const double seconds = device_.execute(work, [&] {
      switch (pass.pattern.kind) {
        case PatternKind::address:
          return replay<PatternKind::address>(pass);
        case PatternKind::background:
          return replay<PatternKind::background>(pass);
        case PatternKind::random:
          return replay<PatternKind::random>(pass);
      }
    });
    ++pass_number_;
    return {seconds, work.bytes_read + work.bytes_written};
  }

  SweepReport report() override {
    total_up(report_);
    return report_;
  }

 private:
  template <PatternKind kKind>
  void replay(const Pass& pass) {
    const std::uint32_t recorded_before = report_.recorded;
    RandomOrder order(device_.shuffle_seed());
    for (const Chunk& chunk : chunks_) {
      const std::uint64_t pages = (chunk.words + page_words_ - 1) / page_words_;
      replay_grid(pages, order, [&](std::uint64_t page) {
        const std::uint64_t begin = page * page_words_;
        return Warp<kKind>(pass, pass_number_, chunk, begin, std::min(chunk.words, begin + page_words_),
                           order, report_);
      });
    }
    for (std::uint32_t i = recorded_before; i < report_.recorded; ++i)
      read_again(pass, report_.miscompares[i]);
  }

  void read_again(const Pass& pass, Miscompare& bad) {
    Cells& cells = *chunks_[bad.buffer].buffer->cells();
    const std::uint64_t word = bad.byte_offset / sizeof(Word128);
    cells.evict(word);
    bad.second_read = cells.load(word);
    if (pass.write) cells.store(word, complement(bad.expected));
  }

  HostDevice& device_;
  std::vector<Chunk> chunks_;
  std::uint64_t page_words_;
  std::uint32_t pass_number_ = 0;
  SweepReport report_{};
};

}  // namespace host
}  // namespace assay::memory
