#include "harness/run/rank_exchange.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "harness/model/finding_codes.h"

namespace assay::run {

std::optional<std::vector<std::string>> RankExchange::bring(std::size_t rank, std::string blob) {
  std::optional<std::string>& mine = blobs_.at(rank);
  if (mine) throw std::logic_error("rank " + std::to_string(rank) + " came twice to one exchange");
  mine = std::move(blob);
  if (!std::all_of(blobs_.begin(), blobs_.end(), [](const auto& b) { return b.has_value(); }))
    return std::nullopt;
  std::vector<std::string> all;
  for (auto& brought : blobs_) all.push_back(*std::exchange(brought, std::nullopt));
  return all;
}

std::optional<std::size_t> RankExchange::gone() const {
  const auto found = std::find(ended_.begin(), ended_.end(), true);
  if (found == ended_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - ended_.begin());
}

bool RankExchange::anybody_waits() const {
  return std::any_of(blobs_.begin(), blobs_.end(), [](const auto& b) { return b.has_value(); });
}

std::optional<Error> RankExchange::ended(std::size_t rank, const Part& part, std::optional<Error> why,
                                         bool gave_reason) {
  ended_.at(rank) = true;
  if (!why) {
    if (!anybody_waits() || gave_reason) return std::nullopt;
    return Error::of(codes::rank_missing,
                     {"it ended while the others waited for it", "其他 rank 等待时它已退出"}, part);
  }
  if (why->symptom == kVictimOfAnotherRank) return std::nullopt;
  if (why->symptom != codes::step_timeout) return why;
  if (waits(rank)) return std::nullopt;  // it was there: whoever it waited for was not
  if (gave_reason && ended_.size() > 1)
    return std::nullopt;  // what it has to let go of hangs as the others did
  if (anybody_waits()) why->symptom = codes::rank_missing;
  return why;
}

}  // namespace assay::run
