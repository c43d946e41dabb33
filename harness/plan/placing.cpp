#include "harness/plan/placing.h"

#include <algorithm>
#include <utility>

namespace assay {
namespace {

Placement on_gpu(const Part& gpu) {
  Placement placement;
  placement.part = gpu;
  placement.participants = {{{gpu}}};
  return placement;
}

Placement on_pair(const Part& a, const Part& b) {
  Placement placement;
  placement.part = Part::pair(a, b);
  placement.participants = {{{a, b}}};
  return placement;
}

}  // namespace

std::vector<std::vector<std::pair<int, int>>> rounds_of_pairs(int n) {
  if (n < 2) return {};
  const int seats = n + n % 2;  // of an odd number, whoever meets the empty seat sits out
  std::vector<int> circle;
  for (int i = 0; i < seats; ++i) circle.push_back(i);
  std::vector<std::vector<std::pair<int, int>>> rounds;
  for (int round = 0; round + 1 < seats; ++round) {
    std::vector<std::pair<int, int>> pairs;
    for (int i = 0; i < seats / 2; ++i) {
      const auto [low, high] = std::minmax(circle[i], circle[seats - 1 - i]);
      if (high < n) pairs.emplace_back(low, high);
    }
    std::sort(pairs.begin(), pairs.end());
    rounds.push_back(std::move(pairs));
    std::rotate(circle.begin() + 1, circle.end() - 1, circle.end());
  }
  return rounds;
}

std::vector<std::vector<Placement>> place(Scope scope, const std::vector<Part>& gpus, int ranks_per_gpu) {
  std::vector<std::vector<Placement>> stages;
  switch (scope) {
    case Scope::node: {
      Placement placement;
      placement.part = "node";
      placement.participants = {{}};
      return {{placement}};
    }
    case Scope::gpu:
      if (gpus.empty()) return {};
      stages.emplace_back();
      for (const Part& gpu : gpus) stages.back().push_back(on_gpu(gpu));
      return stages;
    case Scope::gpu_serial:
      for (const Part& gpu : gpus) stages.push_back({on_gpu(gpu)});
      return stages;
    case Scope::pair:
      for (const auto& round : rounds_of_pairs(static_cast<int>(gpus.size()))) {
        stages.emplace_back();
        for (const auto& [a, b] : round) stages.back().push_back(on_pair(gpus[a], gpus[b]));
      }
      return stages;
    case Scope::ranks: {
      if (gpus.empty()) return {};
      Placement placement;
      placement.part = "node";
      for (const Part& gpu : gpus) {
        for (int i = 0; i < ranks_per_gpu; ++i) placement.participants.push_back({{gpu}});
      }
      return {{placement}};
    }
    case Scope::all_gpus:
    case Scope::all_pairs: {
      if (gpus.size() < (scope == Scope::all_pairs ? 2 : 1)) return {};
      Placement placement;
      placement.part = "node";
      placement.participants = {{gpus}};
      return {{placement}};
    }
  }
  return stages;
}

}  // namespace assay
