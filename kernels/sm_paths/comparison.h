// What the results of launches on all SMs say: which SMs differ from the others, from themselves or from what
// was worked out elsewhere, and in what.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/sm_paths/sm_paths.h"

namespace assay::compute {

/// What was wrong at one datapath of one SM.
struct WrongPath {
  /// Results of a round of a thread, by sub-partition.
  std::array<std::uint64_t, kSubPartitions> results{};
  /// Bits, and numbers of registers or words, that threads met first, where they can tell.
  std::uint32_t flipped = 0;
  std::set<std::uint32_t> where;

  std::uint64_t all_results() const;
};

using WrongSm = std::map<Datapath, WrongPath>;

class Comparison {
 public:
  /// One launch of so many rounds. `expected` may be empty (expected_hashes).
  void add(Datapath path, Data data, std::uint64_t seed, std::uint32_t rounds, const LaunchResult& launch,
           const std::vector<std::uint64_t>& expected);

  /// SMs that this work has been seen on.
  std::size_t sms(Datapath path, Data data, std::uint64_t seed) const;
  /// SMs that every work added so far has been seen on.
  std::size_t sms_of_all() const;
  std::size_t paths() const;

  const std::map<unsigned, WrongSm>& wrong() const { return wrong_; }
  /// Datapaths on which fewer than half of the SMs found what was expected, or what the others or their own
  /// rounds before did, or on which something was wrong of which nobody can say where it ran: no single SM's
  /// fault, and so none is accused.
  const std::set<Datapath>& unexpected() const { return unexpected_; }
  /// What most SMs found, of all work, as 16 hexadecimal digits: equal on every GPU of the same make.
  std::string digest() const;

 private:
  using WorkKey = std::tuple<Datapath, Data, std::uint64_t>;
  using Hashes = std::vector<std::uint64_t>;
  struct Seen {
    std::optional<Hashes> reference;
    bool trusted = true;  // where something was expected, at least half found it
    std::set<unsigned> sms;
  };
  std::map<WorkKey, Seen> seen_;
  std::map<unsigned, WrongSm> wrong_;
  std::set<Datapath> unexpected_;
};

/// "tensor_tf32 of sub-partition 2", "registers of sub-partition 1: held value 17, bit 5".
std::string culprit_of(const WrongSm& wrong);

}  // namespace assay::compute
