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
  j = {{"number", seen.number},         {"collective", static_cast<int>(seen.collective)},
       {"switched", seen.switched},     {"count", seen.wrong.count},
       {"outside", seen.wrong.outside}, {"elements", seen.elements},
       {"complete", seen.complete},     {"from", seen.from}};
}

void from_json(const nlohmann::json& j, Seen& seen) {
  seen.number = j.at("number");
  seen.collective = static_cast<Collective>(j.at("collective").get<int>());
  seen.switched = j.at("switched");
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
  bool switched = false;
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
      of.switched = one.switched;
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

/// The ranks that alone got wrong what the switches brought to all.
std::set<int> alone_behind_the_switches(const Case& of) {
  std::set<int> alone;
  if (!of.switched || !ends_alike(of.collective) || !of.complete) return alone;
  for (const auto& [element, ranks] : of.wrong_at) {
    if (ranks.size() == 1) alone.insert(*ranks.begin());
  }
  return alone;
}

bool is_in_all_ways(const Case& of, int rank) {
  return std::all_of(of.ways.begin(), of.ways.end(),
                     [&](const Way& way) { return way.first == rank || way.second == rank; });
}

/// Of one that spoils what it receives: then it has it wrong itself, and behind the switches nobody else has.
bool can_be_of_receiver(const Case& of, int rank) {
  if (goes_straight(of.collective)) return is_in_all_ways(of, rank);
  return std::all_of(of.wrong_at.begin(), of.wrong_at.end(), [&](const auto& element) {
    return element.second.count(rank) > 0 && (!of.switched || element.second.size() == 1);
  });
}

}  // namespace

Blame blame(const AllSeen& seen, bool have_one_gpu) {
  const std::map<std::size_t, Case> cases = cases_of(seen);
  std::set<Way> straight;
  std::set<int> alone;
  for (const auto& [number, of] : cases) {
    if (goes_straight(of.collective)) straight.insert(of.ways.begin(), of.ways.end());
    alone.merge(alone_behind_the_switches(of));
  }
  const std::optional<int> common = common_end(straight, static_cast<int>(seen.size()));
  const auto accused_of = [&](const Case& of) -> std::optional<int> {
    if (common) return goes_straight(of.collective) && !is_in_all_ways(of, *common) ? std::nullopt : common;
    for (const int rank : alone_behind_the_switches(of)) {
      if (can_be_of_receiver(of, rank)) return rank;
    }
    if (alone.size() == 1 && can_be_of_receiver(of, *alone.begin())) return *alone.begin();
    return std::nullopt;
  };
  Blame found;
  found.of_rank.resize(seen.size());
  for (const auto& [number, of] : cases) {
    const std::optional<int> accused = accused_of(of);
    (accused ? found.of_rank[static_cast<std::size_t>(*accused)] : found.unexplained) += of.elements;
  }
  if (have_one_gpu && found.unexplained > 0) {
    const auto saw =
        std::find_if(seen.begin(), seen.end(), [](const auto& of_rank) { return !of_rank.empty(); });
    found.of_rank[static_cast<std::size_t>(saw - seen.begin())] += std::exchange(found.unexplained, 0);
  }
  return found;
}

}  // namespace assay::collective
