// A join by key: a hash table with linear probing is built of the smaller side's rows, and looked up for each
// of the larger side's. Which of two rows that want a slot gets it is chance, so where rows lie in the table
// is; what is found is not.
#include <string>

#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/compare_and_swap.h"
#include "kernels/instructions/global.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/analytics/sides.h"
#include "kernels/workloads/analytics/sizes.h"
#include "kernels/workloads/tally.h"

namespace assay::workloads::ASSAY_TARGET {
namespace {

using cuda::pointer;

constexpr unsigned kThreads = kQueryThreads;
/// A key in the lower half, what goes with it in the upper.
using Entry = std::uint64_t;
constexpr Entry kEmpty = ~Entry{0};
/// A chain that long is a damaged table's: half full, they are some dozens.
constexpr unsigned kLongestChain = 4096;

enum class Side { probe_keys, built_keys, goes_with_built };

template <Side kSide>
__global__ void __launch_bounds__(kThreads) fill_side(Word128* out, std::uint64_t words, Sides sides) {
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    std::uint32_t four[4];
    for (unsigned r = 0; r < 4; ++r) {
      const auto row = static_cast<std::uint32_t>(4 * i + r);
      four[r] = kSide == Side::probe_keys   ? sides.probe_key(row)
                : kSide == Side::built_keys ? sides.built_key(row)
                                            : sides.goes_with(row);
    }
    cuda::store_streaming(out + i, word_of(four));
  });
}

__global__ void __launch_bounds__(kThreads) clear(Word128* out, std::uint64_t words) {
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    cuda::store_streaming(out + i, Word128{kEmpty, kEmpty});
  });
}

struct Table {
  Entry* entries;
  unsigned bits;

  __device__ std::uint32_t slot_of(std::uint32_t key) const {
    return cuda::integer(key * 0x9e3779b1u) >> (32 - bits);
  }
  __device__ std::uint32_t next(std::uint32_t slot) const { return (slot + 1) & ((1u << bits) - 1); }
  __device__ Entry at(std::uint32_t slot) const {
    return cuda::load_global<Entry>(reinterpret_cast<const unsigned char*>(entries + slot));
  }
};

/// Four rows a thread, whose swaps are under way together.
__global__ void __launch_bounds__(kThreads)
    build(Table table, const Word128* keys, const Word128* with, std::uint64_t words) {
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    const Word128 four_keys = cuda::load_streaming(keys + i), four_with = cuda::load_streaming(with + i);
    std::uint32_t slot[4];
    bool pending[4] = {true, true, true, true};
#pragma unroll
    for (unsigned r = 0; r < 4; ++r) slot[r] = table.slot_of(number_in(four_keys, r));
    for (unsigned step = 0; step < kLongestChain && (pending[0] || pending[1] || pending[2] || pending[3]);
         ++step) {
      Entry was[4];
#pragma unroll
      for (unsigned r = 0; r < 4; ++r) {
        const Entry row = number_in(four_keys, r) | Entry{number_in(four_with, r)} << 32;
        was[r] = kEmpty;
        if (pending[r]) was[r] = cuda::compare_and_swap(table.entries + slot[r], kEmpty, row);
      }
#pragma unroll
      for (unsigned r = 0; r < 4; ++r) {
        pending[r] = was[r] != kEmpty;
        slot[r] = table.next(slot[r]);
      }
    }
  });
}

enum SumOfJoin { kMatches, kBroughtSum, kEntries, kSumOfKeys };

/// Of the larger side, by no column of it: what the sum of those that are looked up is to be.
__global__ void __launch_bounds__(kThreads) add_up_keys(Sides sides, std::uint64_t probes, Sum* sum) {
  Sum mine = 0;
  cuda::for_each_word<kThreads>(
      probes, [&](std::uint64_t number) { mine += sides.keys.of(static_cast<std::uint32_t>(number)); });
  add_of_warp(mine, sum);
}

__device__ inline std::uint32_t step_of_look_up(Entry entry, std::uint32_t key, bool& pending) {
  if (entry == kEmpty) {
    pending = false;
  } else if (static_cast<std::uint32_t>(entry) == key) {
    pending = false;
    return static_cast<std::uint32_t>(entry >> 32);
  }
  return kNothing;
}

__device__ inline Word128 looked_up(const Table& table, const Word128& four_keys) {
  std::uint32_t slot[4], brought[4];
  bool pending[4] = {true, true, true, true};
#pragma unroll
  for (unsigned r = 0; r < 4; ++r) {
    slot[r] = table.slot_of(number_in(four_keys, r));
    brought[r] = kNothing;
  }
  for (unsigned step = 0; step < kLongestChain && (pending[0] || pending[1] || pending[2] || pending[3]);
       ++step) {
    Entry entry[4];
#pragma unroll
    for (unsigned r = 0; r < 4; ++r) entry[r] = pending[r] ? table.at(slot[r]) : kEmpty;
#pragma unroll
    for (unsigned r = 0; r < 4; ++r) {
      if (pending[r]) brought[r] = step_of_look_up(entry[r], number_in(four_keys, r), pending[r]);
      slot[r] = table.next(slot[r]);
    }
  }
  return word_of(brought);
}

__global__ void __launch_bounds__(kThreads)
    probe(Table table, const Word128* keys, std::uint64_t words, Word128* out, Tally* tally) {
  Sum matches = 0, sum = 0, sum_of_keys = 0;
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    const Word128 four_keys = cuda::load_streaming(keys + i), brought = looked_up(table, four_keys);
    cuda::store_streaming(out + i, brought);
#pragma unroll
    for (unsigned r = 0; r < 4; ++r) {
      const bool found = number_in(brought, r) != kNothing;
      matches += found ? 1 : 0;
      sum += found ? number_in(brought, r) : 0;
      sum_of_keys += number_in(four_keys, r);
    }
  });
  add_of_warp(matches, &tally->sums[kMatches]);
  add_of_warp(sum, &tally->sums[kBroughtSum]);
  add_of_warp(sum_of_keys, &tally->sums[kSumOfKeys]);
}

/// And leaves behind what no probe brings.
__global__ void __launch_bounds__(kThreads)
    look(Word128* out, std::uint64_t words, Sides sides, Tally* tally, memory::BadWordList* bad) {
  Sum hash = 0;
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    const Word128 word = cuda::load_streaming(out + i);
    hash += compute::hash_term(i, word);
    for (unsigned r = 0; r < 4; ++r) {
      const std::uint32_t expected = sides.brought(static_cast<std::uint32_t>(4 * i + r));
      memory::compare(4 * i + r, Word128{expected, 0}, Word128{number_in(word, r), 0}, bad);
    }
    const std::uint32_t none[4] = {kNotWritten, kNotWritten, kNotWritten, kNotWritten};
    cuda::store_streaming(out + i, word_of(none));
  });
  add_of_warp(hash, &tally->hash);
}

/// Wherever they lie.
__global__ void __launch_bounds__(kThreads)
    look_at_table(const Word128* entries, std::uint64_t words, Tally* tally) {
  Sum hash = 0, count = 0;
  cuda::for_each_word<kThreads>(words, [&](std::uint64_t i) {
    const Word128 two = cuda::load_streaming(entries + i);
    if (two.low != kEmpty) hash += memory::mix64(two.low), ++count;
    if (two.high != kEmpty) hash += memory::mix64(two.high), ++count;
  });
  add_of_warp(hash, &tally->hash);
  add_of_warp(count, &tally->sums[kEntries]);
}

std::string text_of(std::uint64_t brought) {
  if (brought == kNotWritten) return "nothing written";
  return brought == kNothing ? "no match" : std::to_string(brought);
}

WrongValue described(const memory::BadWord& bad) {
  return {"probe " + std::to_string(bad.index), text_of(bad.expected.low), text_of(bad.actual.low)};
}

class Join final : public Workload {
 public:
  Join(Gpu& gpu, std::uint64_t seed)
      : size_(gpu.emulated() ? kJoinUnderEmulation : kJoinOnCard),
        sides_{{size_.probe_bits, static_cast<std::uint32_t>(seed)},
               {size_.build_bits(), static_cast<std::uint32_t>(seed >> 32)},
               {32, static_cast<std::uint32_t>(memory::mix64(seed))}},
        keys_(gpu.allocate(size_.built() * sizeof(std::uint32_t))),
        with_(gpu.allocate(size_.built() * sizeof(std::uint32_t))),
        probe_keys_(gpu.allocate(size_.probes() * sizeof(std::uint32_t))),
        entries_(gpu.allocate(size_.slots() * sizeof(Entry))),
        out_(gpu.allocate(size_.probes() * sizeof(std::uint32_t))),
        grid_{size_.blocks, kThreads} {
    fill<Side::built_keys>(keys_, size_.built(), kJoinOnCard.built());
    fill<Side::goes_with_built>(with_, size_.built(), kJoinOnCard.built());
    fill<Side::probe_keys>(probe_keys_, size_.probes(), kJoinOnCard.probes());
    const cuda::Resident<Sum> sum;
    cuda::launch(grid_, Work(WorkKind::instructions, 20.0 * static_cast<double>(kJoinOnCard.probes())),
                 add_up_keys, sides_, size_.probes(), sum.get());
    sum_of_keys_ = sum.download();
  }

  Repetitions repeat(int times) override {
    tallies_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { once(tallies_.get()->of + i); });
    const double seconds = watch_.stop();
    return read_tallies(tallies_.download(), seconds, times, done,
                        {{"rows of the join", size_.built()},
                         {"sum of what they bring", sum_of_spread(size_.built(), size_.build_bits())},
                         {"rows in the table", size_.built()},
                         {"sum of the keys that are looked up", sum_of_keys_}},
                        described);
  }

  double items() const override { return static_cast<double>(kJoinOnCard.probes()); }

 private:
  template <Side kSide>
  void fill(const std::unique_ptr<DeviceBuffer>& column, std::uint64_t rows, std::uint64_t on_card) {
    cuda::launch(grid_, Work(WorkKind::write, 4.0 * static_cast<double>(on_card)), fill_side<kSide>,
                 pointer<Word128>(column), rows / 4, sides_);
  }
  void once(Tally* tally) {
    const Table table{pointer<Entry>(entries_), size_.slot_bits()};
    auto* const words_of_table = pointer<Word128>(entries_);
    cuda::launch(grid_, work_.clear, clear, words_of_table, size_.slots() / 2);
    cuda::launch(grid_, work_.build, build, table, pointer<const Word128>(keys_),
                 pointer<const Word128>(with_), size_.built() / 4);
    cuda::launch(grid_, work_.probe, probe, table, pointer<const Word128>(probe_keys_), size_.probes() / 4,
                 pointer<Word128>(out_), tally);
    cuda::launch(grid_, work_.look, look, pointer<Word128>(out_), size_.probes() / 4, sides_, tally,
                 &tallies_.get()->bad);
    cuda::launch(grid_, work_.look_at_table, look_at_table, words_of_table, size_.slots() / 2, tally);
  }

  JoinSize size_;
  JoinWork work_ = work_of_join();
  Sides sides_;
  std::unique_ptr<DeviceBuffer> keys_, with_, probe_keys_, entries_, out_;
  cuda::Shape grid_;
  Sum sum_of_keys_ = 0;
  cuda::Stopwatch watch_;
  cuda::Resident<Tallies> tallies_;
};

}  // namespace

std::unique_ptr<Workload> make_join(Gpu& gpu, std::uint64_t seed) {
  return std::make_unique<Join>(gpu, seed);
}

}  // namespace assay::workloads::ASSAY_TARGET
