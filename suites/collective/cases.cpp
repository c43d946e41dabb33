#include "suites/collective/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <set>

namespace assay::collective {
namespace {

using nccl::Collective;
using nccl::DataType;
using nccl::Op;

constexpr std::uint64_t kMib = 1 << 20;

/// What a case has one of each of.
enum Factor { collective, datatype, op, size, place, launch, root };
constexpr int kFactors = 7;
constexpr const char* kFactorNames[kFactors] = {"collective", "datatype", "operator", "size",
                                                "in place",   "graph",    "root"};
using Levels = std::array<int, kFactors>;

/// Levels of all factors, numbered through.
constexpr int kMostLevels[kFactors] = {nccl::kCollectives, nccl::kDataTypes, nccl::kBuiltinOps, 12, 2, 2, 16};
constexpr int first_level(int factor) {
  int first = 0;
  for (int i = 0; i < factor; ++i) first += kMostLevels[i];
  return first;
}
constexpr int kLevels = 64;
static_assert(first_level(kFactors) <= kLevels);
constexpr int factor_of(int level) {
  int factor = 0;
  while (level >= first_level(factor + 1)) ++factor;
  return factor;
}

/// Of two levels: both numbers in one.
using Pairs = std::bitset<kLevels * kLevels>;

bool has_operator(const Levels& levels) {
  return nccl::reduces(static_cast<Collective>(levels[collective]));
}

/// Whether a factor counts for this collective.
bool counts(const Levels& levels, int factor) {
  const auto which = static_cast<Collective>(levels[collective]);
  if (factor == op) return has_operator(levels);
  if (factor == root) return nccl::has_root(which);
  if (factor == place) return nccl::can_be_in_place(which);
  return true;
}

/// Calls visit(pair) for each that the levels have.
template <typename Visit>
void for_each_pair(const Levels& levels, const Visit& visit) {
  std::array<int, kFactors> present{};
  int count = 0;
  for (int i = 0; i < kFactors; ++i) {
    if (counts(levels, i)) present[count++] = first_level(i) + levels[i];
  }
  for (int a = 0; a < count; ++a) {
    for (int b = a + 1; b < count; ++b) visit(static_cast<std::size_t>(present[a] * kLevels + present[b]));
  }
}

std::size_t found_in(const Pairs& pairs, const Levels& levels) {
  std::size_t found = 0;
  for_each_pair(levels, [&](std::size_t pair) { found += pairs.test(pair) ? 1 : 0; });
  return found;
}

/// A root at either end, and one between.
std::vector<int> roots(int ranks) {
  std::set<int> all{0, ranks / 2, ranks - 1};
  return {all.begin(), all.end()};
}

bool is_left_out(const Size& size, const Arrangement& of) {
  return of.a_node_each && size.bytes > 16 * kMib;
}

/// All that is legal: calls visit(levels).
template <typename Visit>
void for_each_legal(Way way, const Arrangement& of, const Visit& visit) {
  Levels levels{};
  for (levels[collective] = 0; levels[collective] < nccl::kCollectives; ++levels[collective]) {
    for (levels[op] = 0; levels[op] < nccl::kBuiltinOps; ++levels[op]) {
      for (levels[datatype] = 0; levels[datatype] < nccl::kDataTypes; ++levels[datatype]) {
        if (is_legal(way, static_cast<Collective>(levels[collective]),
                     static_cast<DataType>(levels[datatype]), static_cast<Op>(levels[op]), of))
          visit(levels);
      }
    }
  }
}

/// All ways of filling in the rest: calls visit(levels).
template <typename Visit>
void for_each_completion(Levels levels, const Arrangement& of, const Visit& visit) {
  const int places = counts(levels, place) ? 2 : 1;
  const std::vector<int> all_roots = counts(levels, root) ? roots(of.ranks) : std::vector<int>{0};
  for (levels[size] = 0; levels[size] < static_cast<int>(sizes().size()); ++levels[size]) {
    if (is_left_out(sizes()[static_cast<std::size_t>(levels[size])], of)) continue;
    for (levels[place] = 0; levels[place] < places; ++levels[place]) {
      for (levels[launch] = 0; levels[launch] < 2; ++levels[launch]) {
        for (const int one : all_roots) {
          levels[root] = one;
          visit(levels);
        }
      }
    }
  }
}

Pairs legal_pairs(Way way, const Arrangement& of) {
  Pairs all;
  for_each_legal(way, of, [&](const Levels& levels) {
    for_each_completion(levels, of, [&](const Levels& complete) {
      for_each_pair(complete, [&](std::size_t pair) { all.set(pair); });
    });
  });
  return all;
}

Case case_of(const Levels& levels) {
  return {static_cast<Collective>(levels[collective]),
          static_cast<DataType>(levels[datatype]),
          static_cast<Op>(levels[op]),
          static_cast<std::size_t>(levels[size]),
          levels[place] != 0,
          levels[launch] != 0,
          levels[root]};
}

Levels levels_of(const Case& one) {
  return {static_cast<int>(one.collective),
          static_cast<int>(one.type),
          static_cast<int>(one.op),
          static_cast<int>(one.size),
          one.in_place ? 1 : 0,
          one.as_graph ? 1 : 0,
          one.root};
}

/// Large ones take long: once in each pair is enough.
bool is_large(const Levels& levels) {
  return sizes()[static_cast<std::size_t>(levels[size])].bytes > 16 * kMib;
}

/// The completion that adds the most pairs; of equal ones the small, then the first after `turn`.
Levels best_completion(const Levels& levels, const Arrangement& of, const Pairs& missing, std::size_t turn) {
  std::vector<Levels> all;
  for_each_completion(levels, of, [&](const Levels& complete) { all.push_back(complete); });
  std::size_t best = 0, most = 0;
  bool found = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t at = (i + turn) % all.size();
    const std::size_t score = 2 * found_in(missing, all[at]) + (is_large(all[at]) ? 0 : 1);
    if (found && score <= most) continue;
    found = true;
    best = at;
    most = score;
  }
  return all[best];
}

}  // namespace

const std::vector<Size>& sizes() {
  static const std::vector<Size> all{
      {"1", 1},
      {"2", 2},
      {"3", 3},
      {"13", 13},
      {"127", 127},
      {"1,021", 1021},
      {"4,096", 4096},
      {"4,099", 4099},
      {"65,537", 65537},
      {"1 MiB and 1", 0, kMib, 1},
      {"about 16 MiB", 0, 16 * kMib - 128, 1},
      {"1 GiB and 1", 0, 1024 * kMib, 1},
  };
  return all;
}

nccl::Request Case::request(int ranks) const {
  nccl::Request made{collective, type, op, 1, root};
  const Size& wanted = sizes()[size];
  if (wanted.elements > 0) {
    made.count = wanted.elements;
    return made;
  }
  // Of the larger of a rank's buffers, of any rank's.
  const auto parts = static_cast<std::uint64_t>(
      std::max(nccl::sent_by(made, root, ranks), nccl::received_by(made, root, ranks)));
  made.count = wanted.bytes / nccl::bytes_of(type) / parts + wanted.more;
  return made;
}

Fitted fitted(const Case& one, int ranks, std::uint64_t bytes_there) {
  Fitted fit{one.request(ranks)};
  const std::uint64_t wanted = fit.request.count;
  nccl::Request single = fit.request;
  single.count = 1;
  const std::uint64_t parts =
      std::max(nccl::sent_by(single, one.root, ranks), nccl::received_by(single, one.root, ranks));
  const std::uint64_t most = bytes_there / nccl::bytes_of(one.type) / parts;
  if (wanted <= most) return fit;
  fit.request.count = most - (most % 2 == wanted % 2 ? 0 : 1);  // an odd one stays odd
  fit.times = static_cast<double>(wanted) / static_cast<double>(fit.request.count);
  return fit;
}

std::string text_of(const Case& one, int ranks) {
  const nccl::Request request = one.request(ranks);
  std::string text =
      fmt::format("{} of {} {}", nccl::name_of(one.collective), request.count, nccl::name_of(one.type));
  if (nccl::reduces(one.collective)) text += fmt::format(", {}", nccl::name_of(one.op));
  if (nccl::has_root(one.collective)) text += fmt::format(", root {}", one.root);
  if (one.in_place) text += ", in place";
  if (one.as_graph) text += ", as a graph";
  return text;
}

std::vector<std::string> sizes_left_out(const Arrangement& of) {
  std::vector<std::string> left_out;
  for (const Size& size : sizes()) {
    if (is_left_out(size, of)) left_out.push_back(size.name);
  }
  return left_out;
}

std::vector<Case> make_cases(Way way, const Arrangement& of) {
  Pairs missing = legal_pairs(way, of);
  std::vector<Case> cases;
  std::size_t turn = 0;
  const auto add = [&](const Levels& levels) {
    for_each_pair(levels, [&](std::size_t pair) { missing.reset(pair); });
    cases.push_back(case_of(levels));
  };
  for_each_legal(way, of,
                 [&](const Levels& levels) { add(best_completion(levels, of, missing, turn++ * 7)); });
  // What is left: whatever has most of it.
  while (missing.any()) {
    Levels best{};
    std::size_t most = 0;
    for_each_legal(way, of, [&](const Levels& levels) {
      const Levels complete = best_completion(levels, of, missing, 0);
      const std::size_t adds = found_in(missing, complete);
      if (adds <= most) return;
      most = adds;
      best = complete;
    });
    add(best);
  }
  return cases;
}

std::vector<PairsCovered> coverage_of(Way way, const Arrangement& of, const std::vector<Case>& cases) {
  Pairs covered;
  for (const Case& one : cases) for_each_pair(levels_of(one), [&](std::size_t pair) { covered.set(pair); });
  const Pairs legal = legal_pairs(way, of);
  std::vector<PairsCovered> all;
  for (std::size_t pair = 0; pair < legal.size(); ++pair) {
    if (!legal.test(pair)) continue;
    const std::string first = kFactorNames[factor_of(static_cast<int>(pair) / kLevels)],
                      second = kFactorNames[factor_of(static_cast<int>(pair) % kLevels)];
    auto found = std::find_if(all.begin(), all.end(), [&](const PairsCovered& one) {
      return one.first == first && one.second == second;
    });
    if (found == all.end()) found = all.insert(all.end(), {first, second, 0, 0});
    ++found->legal;
    if (covered.test(pair)) ++found->covered;
  }
  return all;
}

}  // namespace assay::collective
