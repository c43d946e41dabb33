#include "harness/model/shared_gpus.h"

#include <algorithm>
#include <map>

namespace assay {

int ranks_of_a_gpu(const Placement& placement) {
  std::map<Part, int> ranks;
  int most = 1;
  for (const Participant& participant : placement.participants) {
    for (const Part& gpu : participant.devices) most = std::max(most, ++ranks[gpu]);
  }
  return most;
}

int ranks_of_a_gpu(const Plan& plan) {
  int most = 1;
  for (const Stage& stage : plan.stages) {
    for (const Placement& placement : stage.placements) most = std::max(most, ranks_of_a_gpu(placement));
  }
  return most;
}

}  // namespace assay
