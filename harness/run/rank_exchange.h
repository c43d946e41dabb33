// How the workers of one placement meet: each brings bytes, and when the last has come all leave with
// everybody's. And whom it tells of when somebody never comes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/model/run.h"

namespace assay::run {

class RankExchange {
 public:
  explicit RankExchange(std::size_t ranks) : ended_(ranks), blobs_(ranks) {}

  /// What each rank brought, in rank order, once this was the last one: the next exchange begins. Nothing
  /// while others are awaited. Throws std::logic_error for a rank that has come already.
  std::optional<std::vector<std::string>> bring(std::size_t rank, std::string blob);

  bool waits(std::size_t rank) const { return blobs_.at(rank).has_value(); }
  bool anybody_waits() const;

  /// A rank that has ended, while nobody waited: whoever comes now would wait for it for ever.
  std::optional<std::size_t> gone() const;

  /// A rank has ended, on `part`, for this reason or as it should: the error that its end amounts to, if it
  /// broke the meeting or is at fault at all. `gave_reason`: it has reported an error of its own.
  std::optional<Error> ended(std::size_t rank, const Part& part, std::optional<Error> why, bool gave_reason);

 private:
  std::vector<bool> ended_;
  std::vector<std::optional<std::string>> blobs_;  // by rank, of the exchange under way
};

/// Not a finding: the symptom of a rank that was stopped because another one is gone.
inline constexpr const char* kVictimOfAnotherRank = "rank_stopped";

}  // namespace assay::run
