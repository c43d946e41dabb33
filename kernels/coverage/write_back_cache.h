// A write-back cache in front of a memory, as the L2 stands in front of the HBM: what is stored reaches the
// cells later, and in another order. NVIDIA does not publish its replacement; modelled are three, so that
// what is quoted holds for the worst of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "harness/node_sim/cuda_emulation/device.h"

namespace assay::memory {

class WriteBackCache final : public cuda_emulation::FaultyMemory {
 public:
  static constexpr std::uint64_t kLineWords = 8;    // 128 bytes
  static constexpr std::uint64_t kSectorWords = 2;  // 32 bytes: what is fetched, and written back, at a time

  /// Which line goes when there is no room: the one that came first, any, or the one with the lowest address.
  enum class Replacement { first_in, random, lowest };

  WriteBackCache(cuda_emulation::FaultyMemory& memory, std::size_t lines, Replacement replacement,
                 std::uint64_t seed);

  Word128 load(const Word128* address) override;
  void store(Word128* address, Word128 value) override;
  void evict(const Word128* address) override;
  /// All lines go: the work since was on far more memory than the cache holds.
  void flush();

 private:
  struct Line {
    std::uint64_t arrival = 0;
    std::array<Word128, kLineWords> words{};
    std::array<bool, kLineWords> valid{}, dirty{};
  };
  using Address = Word128*;  // of a line

  Line& line_of(Address line);
  Address next_to_go();
  void write_back(Address address, const Line& line);

  cuda_emulation::FaultyMemory& memory_;
  std::size_t most_lines_;
  Replacement replacement_;
  std::uint64_t random_;
  std::uint64_t arrivals_ = 0;
  std::map<Address, Line> lines_;
};

}  // namespace assay::memory
