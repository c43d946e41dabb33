#include "suites/collective/spoilt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace assay::collective {
namespace {

using nccl::Collective;

constexpr std::size_t kMostBits = 8;

/// What one rank sends goes to the other, and nowhere else.
bool goes_straight(Collective collective) {
  return collective == Collective::all_to_all || collective == Collective::gather ||
         collective == Collective::scatter || collective == Collective::send_receive;
}

/// From one rank to another.
using Way = std::pair<int, int>;

/// The rank that has a part in most of the ways, if it has in more than one, and in more than any other.
std::optional<int> common_end(const std::set<Way>& ways, int ranks) {
  std::vector<int> ends(static_cast<std::size_t>(ranks));
  for (const auto& [from, to] : ways) {
    ++ends[static_cast<std::size_t>(from)];
    ++ends[static_cast<std::size_t>(to)];
  }
  const auto most = std::max_element(ends.begin(), ends.end());
  if (most == ends.end() || *most < 2 || std::count(ends.begin(), ends.end(), *most) > 1) return std::nullopt;
  return static_cast<int>(most - ends.begin());
}

}  // namespace

void to_json(nlohmann::json& j, const Seen& seen) {
  j = {{"number", seen.number},
       {"text", seen.text},
       {"collective", static_cast<int>(seen.collective)},
       {"count", seen.wrong.count},
       {"from", seen.from}};
}

void from_json(const nlohmann::json& j, Seen& seen) {
  seen.number = j.at("number");
  seen.text = j.at("text");
  seen.collective = static_cast<Collective>(j.at("collective").get<int>());
  seen.wrong.count = j.at("count");
  seen.from = j.at("from").get<std::vector<bool>>();
}

Blame blame(const AllSeen& seen) {
  const auto ranks = static_cast<int>(seen.size());
  Blame found;
  found.of_rank.resize(seen.size());
  std::set<Way> straight;
  struct Case {
    std::set<int> wrong_at;              // ranks
    std::map<int, std::set<int>> wrong;  // by sender, the ranks where it is
    std::uint64_t elements = 0;
    bool straight = false;
  };
  std::map<std::size_t, Case> cases;
  for (int rank = 0; rank < ranks; ++rank) {
    for (const Seen& one : seen[static_cast<std::size_t>(rank)]) {
      Case& of = cases[one.number];
      of.wrong_at.insert(rank);
      of.elements += one.wrong.count;
      of.straight = goes_straight(one.collective);
      for (std::size_t from = 0; from < one.from.size(); ++from) {
        if (!one.from[from]) continue;
        of.wrong[static_cast<int>(from)].insert(rank);
        if (of.straight && static_cast<int>(from) != rank) straight.emplace(static_cast<int>(from), rank);
      }
    }
  }
  const std::optional<int> common = common_end(straight, ranks);
  for (const auto& [number, of] : cases) {
    std::set<int> accused;
    if (of.straight && common) {
      accused.insert(*common);
    } else if (!of.straight && of.wrong_at.size() == 1) {
      accused.insert(*of.wrong_at.begin());
    } else if (!of.straight) {
      for (const auto& [from, at] : of.wrong) {
        if (at.size() == 1) accused.insert(*at.begin());
      }
    }
    if (accused.size() == 1) {
      found.of_rank[static_cast<std::size_t>(*accused.begin())] += of.elements;
    } else {
      found.unexplained += of.elements;
    }
  }
  return found;
}

std::string text_of(const Mismatches& wrong) {
  if (wrong.count == 0) return fmt::format("{} words around it changed", wrong.outside);
  std::string text = fmt::format("{} elements wrong", wrong.count);
  if (wrong.outside > 0) text += fmt::format(", and {} words around them changed", wrong.outside);
  if (wrong.first.empty()) return text;
  const Mismatch& first = wrong.first.front();
  text += fmt::format(", the first {}: {:#x} where {:#x} should be", first.element, first.actual, first.expected);
  std::uint64_t changed = 0, stride = 0;
  for (std::size_t i = 0; i < wrong.first.size(); ++i) {
    changed |= wrong.first[i].expected ^ wrong.first[i].actual;
    if (i > 0) stride = std::gcd(stride, wrong.first[i].element - wrong.first[i - 1].element);
  }
  std::vector<int> bits;
  for (int bit = 0; bit < 64; ++bit) {
    if ((changed >> bit & 1) != 0) bits.push_back(bit);
  }
  text += bits.size() > kMostBits ? fmt::format(", {} bits of them", bits.size())
                                  : fmt::format(", bits {}", fmt::join(bits, " "));
  if (stride > 1) text += fmt::format(", always a multiple of {} apart", stride);
  return text;
}

}  // namespace assay::collective
