// What of all that NCCL can do the planned collectives have, by way: for `assay coverage`.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "harness/check.h"
#include "suites/collective/cases.h"

namespace assay::collective {
namespace {

constexpr int kRanks = 8;

CoverageTable pairs_by_way() {
  std::map<std::string, std::vector<double>> shares;  // by pair, by way
  CoverageTable table;
  std::size_t collectives = 0;
  for (const Way way : kAllWays) {
    const std::vector<Case> cases = make_cases(way, kRanks);
    collectives += cases.size();
    for (const PairsCovered& pairs : coverage_of(way, kRanks, cases)) {
      auto& of_pair =
          shares.try_emplace(pairs.first + " and " + pairs.second, kWays, std::nan("")).first->second;
      of_pair[static_cast<std::size_t>(way)] = static_cast<double>(pairs.covered) / pairs.legal;
    }
    table.columns.emplace_back(name_of(way));
  }
  table.title = fmt::format(
      "of pairs of what NCCL can combine (suites/collective/legal.h), which are done: {} collectives of {} "
      "ranks",
      collectives, kRanks);
  for (const auto& [pair, of_ways] : shares) table.rows.push_back({pair, of_ways});
  return table;
}

const RegisteredCoverage coverage{[](int) -> Coverage {
  return {"collective.correctness",
          {pairs_by_way()},
          {"sums whose value depends on the order of addition: the data are exact in any",
           "averages among a number of ranks that is no power of two",
           "PAT, CollNet and NVLSTree, which NCCL does not take within a node"}};
}};

}  // namespace
}  // namespace assay::collective
