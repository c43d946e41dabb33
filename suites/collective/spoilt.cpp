#include "suites/collective/spoilt.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace assay::collective {
namespace {

using nccl::Collective;

constexpr std::size_t kMostElements = 16;  // of a case, told to the others

/// What one rank sends goes to the other, and nowhere else.
bool goes_straight(Collective collective) {
  return collective == Collective::all_to_all || collective == Collective::gather ||
         collective == Collective::scatter || collective == Collective::send_receive;
}

/// All ranks are to have the same in the end.
bool ends_alike(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::all_gather ||
         collective == Collective::broadcast;
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

void set_elements(Seen& seen) {
  for (const Mismatch& mismatch : seen.wrong.first) {
    if (seen.elements.size() < kMostElements) seen.elements.push_back(mismatch.element);
  }
  seen.complete = seen.elements.size() == seen.wrong.count;
}

void to_json(nlohmann::json& j, const Seen& seen) {
  j = {{"number", seen.number},     {"collective", static_cast<int>(seen.collective)},
       {"count", seen.wrong.count}, {"outside", seen.wrong.outside},
       {"elements", seen.elements}, {"complete", seen.complete},
       {"from", seen.from}};
}

void from_json(const nlohmann::json& j, Seen& seen) {
  seen.number = j.at("number");
  seen.collective = static_cast<Collective>(j.at("collective").get<int>());
  seen.wrong.count = j.at("count");
  seen.wrong.outside = j.at("outside");
  seen.elements = j.at("elements").get<std::vector<std::uint64_t>>();
  seen.complete = j.at("complete");
  seen.from = j.at("from").get<std::vector<bool>>();
}

namespace {

/// One collective, as all ranks saw it.
struct Case {
  Collective collective{};
  bool complete = true;
  std::uint64_t elements = 0;
  std::map<std::uint64_t, std::set<int>> wrong_at;  // by element, the ranks
  std::set<Way> ways;                               // that wrong ones have gone
};

std::map<std::size_t, Case> cases_of(const AllSeen& seen) {
  std::map<std::size_t, Case> cases;
  for (std::size_t rank = 0; rank < seen.size(); ++rank) {
    for (const Seen& one : seen[rank]) {
      Case& of = cases[one.number];
      of.collective = one.collective;
      of.complete = of.complete && one.complete;
      of.elements += one.wrong.count + one.wrong.outside;
      for (const std::uint64_t element : one.elements) of.wrong_at[element].insert(static_cast<int>(rank));
      for (std::size_t from = 0; from < one.from.size(); ++from) {
        if (one.from[from] && from != rank) of.ways.emplace(static_cast<int>(from), static_cast<int>(rank));
      }
    }
  }
  return cases;
}

/// By what this case alone says.
std::set<int> accused_by(const Case& of, std::optional<int> common) {
  if (goes_straight(of.collective)) return common ? std::set<int>{*common} : std::set<int>();
  std::set<int> accused;
  if (!ends_alike(of.collective) || !of.complete) return accused;
  for (const auto& [element, ranks] : of.wrong_at) {
    if (ranks.size() == 1) accused.insert(*ranks.begin());
  }
  return accused;
}

}  // namespace

Blame blame(const AllSeen& seen, bool have_one_gpu) {
  const std::map<std::size_t, Case> cases = cases_of(seen);
  std::set<Way> straight;
  for (const auto& [number, of] : cases) {
    if (goes_straight(of.collective)) straight.insert(of.ways.begin(), of.ways.end());
  }
  const std::optional<int> common = common_end(straight, static_cast<int>(seen.size()));
  std::set<int> accused;
  Blame found;
  found.of_rank.resize(seen.size());
  std::uint64_t all = 0;
  for (const auto& [number, of] : cases) {
    all += of.elements;
    const std::set<int> by_it = accused_by(of, common);
    accused.insert(by_it.begin(), by_it.end());
    if (by_it.size() == 1) {
      found.of_rank[static_cast<std::size_t>(*by_it.begin())] += of.elements;
    } else {
      found.unexplained += of.elements;
    }
  }
  if (accused.size() == 1) {
    found.of_rank[static_cast<std::size_t>(*accused.begin())] = all;
    found.unexplained = 0;
  }
  if (have_one_gpu && found.unexplained > 0) {
    const auto saw =
        std::find_if(seen.begin(), seen.end(), [](const auto& of_rank) { return !of_rank.empty(); });
    found.of_rank[static_cast<std::size_t>(saw - seen.begin())] += std::exchange(found.unexplained, 0);
  }
  return found;
}

}  // namespace assay::collective
