#include "suites/collective/search.h"

#include <algorithm>
#include <numeric>

namespace assay::collective {
namespace {

constexpr std::size_t kFewest = 2;  // that do something together

}  // namespace

Search::Search(int ranks)
    : size_(std::max(kFewest, static_cast<std::size_t>(ranks) / 2)),
      suspects_(static_cast<std::size_t>(ranks)) {
  std::iota(suspects_.begin(), suspects_.end(), 0);
  if (suspects_.size() / 2 < kFewest)
    why_not_ = "too few to part: each half needs two that do something together";
}

std::vector<std::vector<int>> Search::groups() const {
  if (over()) return {};
  const std::size_t half = (suspects_.size() + 1) / 2;
  std::vector<std::vector<int>> both{
      {suspects_.begin(), suspects_.begin() + static_cast<std::ptrdiff_t>(half)},
      {suspects_.begin() + static_cast<std::ptrdiff_t>(half), suspects_.end()}};
  std::size_t next = 0;
  for (std::vector<int>& group : both) {
    // As large as they all are, where there are enough good ones for both.
    const std::size_t share = good_.size() / both.size();
    for (std::size_t i = 0; i < share && group.size() < size_; ++i) group.push_back(good_[next++]);
    if (group.size() < kFewest) return {};
    std::sort(group.begin(), group.end());
  }
  return both;
}

void Search::learn(const std::vector<bool>& wrong) {
  if (wrong.size() != 2) return;
  if (!wrong[0] && !wrong[1]) {
    why_not_ = "nothing was wrong any more";
    return;
  }
  if (wrong[0] && wrong[1]) {
    why_not_ = "both halves were wrong: several GPUs, or what all of them share";
    return;
  }
  const auto half = suspects_.begin() + static_cast<std::ptrdiff_t>((suspects_.size() + 1) / 2);
  const std::vector<int> first(suspects_.begin(), half), second(half, suspects_.end());
  const std::vector<int>& cleared = wrong[0] ? second : first;
  good_.insert(good_.end(), cleared.begin(), cleared.end());
  suspects_ = wrong[0] ? first : second;
}

std::optional<int> Search::found() const {
  if (suspects_.size() != 1) return std::nullopt;
  return suspects_.front();
}

}  // namespace assay::collective
