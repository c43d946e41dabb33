#include "kernels/memory_sweep_twin.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/cuda_support.h"
#include "kernels/shuffled_waves.h"
#include "kernels/sweep_region.h"

namespace assay::memory {
namespace {

using cuda_emulation::FaultyMemory;

void count_flipped(SweepReport& report, Word128 flipped) {
  for (int bit = 0; bit < kBitsPerWord; ++bit) {
    report.per_bit[bit] += ((bit < 64 ? flipped.low >> bit : flipped.high >> (bit - 64)) & 1);
  }
  ++report.flipped_bits[__builtin_popcountll(flipped.low) + __builtin_popcountll(flipped.high)];
}

Word128* data(const Chunk& chunk) {
  return static_cast<Word128*>(chunk.buffer->device_pointer());
}

/// Direct, or through what is planted.
template <bool kFaulty>
struct Access {
  FaultyMemory* planted;
  Word128 load(const Word128* address) const { return kFaulty ? planted->load(address) : *address; }
  void store(Word128* address, Word128 value) const {
    if (kFaulty) {
      planted->store(address, value);
    } else {
      *address = value;
    }
  }
};

/// What groups hold that lie in the region as a page begins: of a background one of two, by the page's
/// parity.
template <PatternKind kKind>
class WholeGroups {
 public:
  explicit WholeGroups(const Pattern& pattern) : pattern_(pattern) {
    if constexpr (kKind == PatternKind::background) {
      for (std::uint64_t page = 0; page < kParities; ++page) fill(words_[page], page << pattern.page_shift);
    }
  }
  /// The group that begins with this word of the region; until the next is asked for.
  const Word128* at(std::uint64_t first) {
    if constexpr (kKind == PatternKind::background)
      return words_[(first >> pattern_.page_shift) % kParities].data();
    fill(words_[0], first);
    return words_[0].data();
  }

 private:
  static constexpr std::uint64_t kParities = 2;
  using Group = std::array<Word128, kGroupWords>;
  void fill(Group& group, std::uint64_t first) const {
    for (std::uint64_t i = 0; i < kGroupWords; ++i) group[i] = pattern_word<kKind>(pattern_, first + i);
  }

  Pattern pattern_;
  std::array<Group, kParities> words_;
};

Pattern written_by(const Pass& pass) {
  Pattern pattern = pass.pattern;
  pattern.inverted ^= pass.read;
  return pattern;
}

template <PatternKind kKind>
struct Walk {
  const Pass& pass;
  std::uint32_t pass_number;
  const Chunk& chunk;
  RandomOrder& order;
  SweepReport& report;
  WholeGroups<kKind>& read;
  WholeGroups<kKind>& written;
};

/// One warp of one pass: walks its page group by group, in march order.
template <PatternKind kKind, bool kFaulty>
class Warp {
 public:
  Warp(const Walk<kKind>& walk, Access<kFaulty> access, std::uint64_t begin, std::uint64_t end)
      : walk_(&walk),
        access_(access),
        data_(data(walk.chunk)),
        begin_(begin),
        end_(end),
        groups_((end - begin + kGroupWords - 1) / kGroupWords) {}

  /// All loads of a group, or all its stores: other warps may come between the two.
  bool step() {
    const Pass& pass = walk_->pass;
    if (pass.read && !loaded_) {
      load_group();
      loaded_ = true;
      if (pass.write) return true;
    }
    if (pass.write) store_group();
    loaded_ = false;
    held_ = 0;
    return ++group_ < groups_;
  }

 private:
  std::uint64_t base() const {
    return begin_ + (walk_->pass.descending ? groups_ - 1 - group_ : group_) * kGroupWords;
  }
  /// Words of a group in march order: rows as the pass goes. The lanes of one access have no order among
  /// themselves.
  int place(int step, int lanes) const {
    return (walk_->pass.descending ? kGroupWords - 1 - step : step) ^ lanes;
  }

  bool walked(int place) const { return (walk_->pass.words_of_line >> (place % kLineWords) & 1) != 0; }

  /// Nothing is planted that could see in which order.
  bool at_once(std::uint64_t first) const {
    return !kFaulty && first + kGroupWords <= end_ && (walk_->chunk.first_word + first) % kGroupWords == 0;
  }
  bool whole_lines() const { return walk_->pass.words_of_line == kWholeLine; }

  bool holds(std::uint64_t first) const {
    const Word128 *const is = data_ + first, *const due = walk_->read.at(walk_->chunk.first_word + first);
    if (whole_lines()) return std::memcmp(is, due, kGroupWords * sizeof(Word128)) == 0;
    std::uint64_t differ = 0;
    for (int i = 0; i < kGroupWords; ++i) {
      if (walked(i)) differ |= (is[i].low ^ due[i].low) | (is[i].high ^ due[i].high);
    }
    return differ == 0;
  }
  void put(std::uint64_t first) {
    Word128* const to = data_ + first;
    const Word128* const due = walk_->written.at(walk_->chunk.first_word + first);
    if (whole_lines()) {
      std::copy_n(due, kGroupWords, to);
      return;
    }
    for (int i = 0; i < kGroupWords; ++i) {
      if (walked(i)) to[i] = due[i];
    }
  }

  void load_group() {
    const std::uint64_t first = base();
    if (at_once(first) && holds(first)) return;
    for (int step = 0; step < kGroupWords; ++step) {
      const int here = place(step, 0);
      const std::uint64_t word = first + static_cast<std::uint64_t>(here);
      if (word >= end_ || !walked(here)) continue;
      const Word128 actual = access_.load(data_ + word);
      const Word128 expected = pattern_word<kKind>(walk_->pass.pattern, walk_->chunk.first_word + word);
      const Word128 flipped = actual ^ expected;
      if (!is_zero(flipped)) record(word, here, expected, actual, flipped);
    }
  }

  void record(std::uint64_t word, int here, Word128 expected, Word128 actual, Word128 flipped) {
    SweepReport& report = walk_->report;
    count_flipped(report, flipped);
    if (report.recorded == kMaxMiscompares) return;
    report.miscompares[report.recorded++] = Miscompare{expected,
                                                       actual,
                                                       Word128{0, 0},
                                                       {},
                                                       walk_->chunk.first_word + word,
                                                       word * sizeof(Word128),
                                                       walk_->chunk.number,
                                                       walk_->pass_number};
    held_ |= 1u << (here / kLineWords);
  }

  void store_group() {
    const std::uint64_t first = base();
    if (at_once(first) && held_ == 0) return put(first);
    const Pattern pattern = written_by(walk_->pass);
    const auto lanes = static_cast<int>(walk_->order.next() % kLanes);
    for (int step = 0; step < kGroupWords; ++step) {
      const int here = place(step, lanes);
      const std::uint64_t word = first + static_cast<std::uint64_t>(here);
      if (word >= end_ || !walked(here) || (held_ >> (here / kLineWords) & 1)) continue;
      access_.store(data_ + word, pattern_word<kKind>(pattern, walk_->chunk.first_word + word));
    }
  }

  const Walk<kKind>* walk_;
  Access<kFaulty> access_;
  Word128* data_;
  std::uint64_t begin_, end_, groups_;
  std::uint64_t group_ = 0;
  bool loaded_ = false;
  unsigned held_ =
      0;  // a bit a line of the group: with a recorded word it keeps what it holds until the second read
  static_assert(kGroupWords / kLineWords <= 32);
};

class Twin : public MemorySweep {
 public:
  Twin(std::vector<Chunk> chunks, int page_shift)
      : chunks_(std::move(chunks)), page_words_(1ULL << page_shift) {}

  PassResult run(const Pass& pass) override {
    double bytes = 0;
    for (const Chunk& chunk : chunks_) bytes += static_cast<double>(chunk.buffer->bytes());
    const Work work = pass.work(bytes);
    watch_.start();
    cuda::check(cuda_emulation::launch_twin(work,
                                            [&](std::uint64_t seed) {
                                              for_kind(pass.pattern.kind, [&]<PatternKind kKind>() {
                                                if (cuda_emulation::faulty_memory == nullptr) {
                                                  replay<kKind, false>(pass, seed);
                                                } else {
                                                  replay<kKind, true>(pass, seed);
                                                }
                                              });
                                            }),
                "launch");
    const double seconds = watch_.stop();
    ++pass_number_;
    return {seconds, work.amount(Resource::memory)};
  }

  SweepReport report() override {
    total_up(report_);
    return report_;
  }

 private:
  template <PatternKind kKind, bool kFaulty>
  void replay(const Pass& pass, std::uint64_t seed) {
    const Access<kFaulty> access{cuda_emulation::faulty_memory};
    const std::uint32_t recorded_before = report_.recorded;
    RandomOrder order(seed);
    WholeGroups<kKind> read(pass.pattern), written(written_by(pass));
    for (const Chunk& chunk : chunks_) {
      const Walk<kKind> walk{pass, pass_number_, chunk, order, report_, read, written};
      const std::uint64_t pages = (chunk.words + page_words_ - 1) / page_words_;
      const std::uint64_t stride = page_stride(pass, pages);
      const auto warp = [&](std::uint64_t number) {
        const std::uint64_t begin = number * stride % pages * page_words_;
        return Warp<kKind, kFaulty>(walk, access, begin, std::min(chunk.words, begin + page_words_));
      };
      if (kFaulty) {
        replay_grid(pages, order, warp);
        continue;
      }
      // Where nothing is planted, who comes first shows nowhere.
      for (std::uint64_t number = 0; number < pages; ++number) {
        for (auto one = warp(number); one.step();) continue;
      }
    }
    for (std::uint32_t i = recorded_before; i < report_.recorded; ++i)
      report_.miscompares[i].second_read = read_past_cache(access, report_.miscompares[i]);
    for (std::uint32_t i = recorded_before; i < report_.recorded; ++i) {
      Miscompare& bad = report_.miscompares[i];
      access.store(address_of(bad), bad.expected);
      bad.held[0] = read_past_cache(access, bad);
      access.store(address_of(bad), complement(bad.expected));
      bad.held[1] = read_past_cache(access, bad);
      if (pass.write) {
        write_line<kKind>(access, pass, bad);
      } else {
        access.store(address_of(bad), bad.second_read);
      }
    }
  }

  Word128* address_of(const Miscompare& bad) const {
    return data(chunks_[bad.buffer]) + bad.byte_offset / sizeof(Word128);
  }

  template <bool kFaulty>
  Word128 read_past_cache(const Access<kFaulty>& access, const Miscompare& bad) const {
    if (kFaulty) access.planted->evict(address_of(bad));
    return access.load(address_of(bad));
  }

  template <PatternKind kKind, bool kFaulty>
  void write_line(const Access<kFaulty>& access, const Pass& pass, const Miscompare& bad) {
    const Chunk& chunk = chunks_[bad.buffer];
    const std::uint64_t line = bad.byte_offset / sizeof(Word128) / kLineWords * kLineWords;
    for (std::uint64_t word = line; word < std::min(chunk.words, line + kLineWords); ++word) {
      if ((pass.words_of_line >> (word - line) & 1) == 0) continue;
      const Word128 good = pattern_word<kKind>(pass.pattern, chunk.first_word + word);
      access.store(data(chunk) + word, complement(good));
    }
  }

  std::vector<Chunk> chunks_;
  std::uint64_t page_words_;
  std::uint32_t pass_number_ = 0;
  SweepReport report_{};
  cuda::Stopwatch watch_;
};

}  // namespace

std::unique_ptr<MemorySweep> make_sweep_twin(const std::vector<DeviceBuffer*>& region, int page_shift) {
  return std::make_unique<Twin>(chunks_of(region, page_shift), page_shift);
}

}  // namespace assay::memory
