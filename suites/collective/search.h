// Who of several ranks spoils what all of them do together: halves of those that are suspected, among as many
// that are known to be good, until one is left.
#pragma once

#include <optional>
#include <vector>

namespace assay::collective {

class Search {
 public:
  explicit Search(int ranks);

  /// That are to be tried at the same time in the next round; no rank is in two. Empty: there is none.
  std::vector<std::vector<int>> groups() const;
  /// Whether something was wrong, by group of that round.
  void learn(const std::vector<bool>& wrong);

  /// The last that is suspected, once there is one.
  std::optional<int> found() const;
  const std::vector<int>& suspects() const { return suspects_; }
  /// Why it ended without one: "nothing was wrong any more", "several are, or what they share"; empty.
  const char* why_not() const { return why_not_; }

 private:
  bool over() const { return *why_not_ != '\0' || suspects_.size() <= 1; }

  std::size_t size_;  // of a group
  std::vector<int> suspects_, good_;
  const char* why_not_ = "";
};

}  // namespace assay::collective
