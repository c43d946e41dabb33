#include "harness/model/placement.h"

#include <algorithm>

namespace assay {

std::vector<Part> gpus_of(const Placement& placement) {
  std::vector<Part> gpus;
  for (const Participant& participant : placement.participants) {
    for (const Part& device : participant.devices) {
      if (std::find(gpus.begin(), gpus.end(), device) == gpus.end()) gpus.push_back(device);
    }
  }
  return gpus;
}

}  // namespace assay
