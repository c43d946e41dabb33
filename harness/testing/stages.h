// For tests: stages as the planner makes them of the scopes node, gpu and ranks.
#pragma once

#include <string>
#include <vector>

#include "harness/model/plan.h"

namespace assay::builders {

struct StageTimes {
  double duration_s = 0, estimate_s = 1, deadline_s = 30;
};

inline Stage stage_of(int index, std::vector<Placement> placements, const std::string& check,
                      StageTimes times) {
  for (Placement& placement : placements) {
    placement.bodies = {{check, "", times.duration_s, 1}};
    placement.last_stage = index;
  }
  return {index, index, std::move(placements), times.estimate_s, times.deadline_s};
}

inline Stage node_stage(int index, const std::string& check, StageTimes times = {}) {
  Placement placement;
  placement.part = "node";
  placement.participants = {{}};
  return stage_of(index, {placement}, check, times);
}

inline Stage gpu_stage(int index, const std::string& check, const std::vector<Part>& gpus,
                       StageTimes times = {}) {
  std::vector<Placement> placements;
  for (const Part& gpu : gpus) {
    placements.emplace_back();
    placements.back().part = gpu;
    placements.back().participants = {{{gpu}}};
  }
  return stage_of(index, std::move(placements), check, times);
}

inline Stage ranks_stage(int index, const std::string& check, const std::vector<Part>& gpus,
                         StageTimes times = {}) {
  Placement placement;
  placement.part = "node";
  for (const Part& gpu : gpus) placement.participants.push_back({{gpu}});
  return stage_of(index, {placement}, check, times);
}

inline const std::string& check_of(const Stage& stage) {
  return stage.placements.front().bodies.front().check;
}

}  // namespace assay::builders
