#include "harness/model/whole_node.h"

#include <algorithm>

namespace assay {
namespace {

/// False where the step ran on GPUs of the node, and not on all that the SKU has: one was left out, or is
/// missing.
bool is_of_all_gpus(const Plan& plan, const Step& step) {
  for (const Stage& stage : plan.stages) {
    if (stage.index != step.stage) continue;
    for (const Placement& placement : stage.placements) {
      const bool of_step = std::any_of(
          placement.bodies.begin(), placement.bodies.end(),
          [&](const Body& body) { return task_of(stage.index, placement, body) == task_of(step); });
      const std::size_t gpus = gpus_of(placement).size();
      if (of_step && gpus > 0 && gpus < plan.slots.size()) return false;
    }
  }
  return true;
}

}  // namespace

bool is_held_against(FindingClass cls, const Plan& plan, const Step& step, const Part& part) {
  return cls != FindingClass::performance || part != Part("node") || is_of_all_gpus(plan, step);
}

}  // namespace assay
