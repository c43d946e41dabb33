#include "harness/plan/sharing.h"

#include "harness/model/shared_gpus.h"

namespace assay {
namespace {

/// How many of a placement's bodies are at work at each resource of a GPU.
Sharers bodies_at(const Placement& placement, const LoadsOf& loads_of) {
  Sharers bodies{};
  for (const Body& body : placement.bodies) {
    for (const Resource resource : loads_of(body.check)) ++bodies[static_cast<std::size_t>(resource)];
  }
  return bodies;
}

}  // namespace

void share_resources(Stage& stage, const LoadsOf& loads_of) {
  constexpr auto kHostMemory = static_cast<std::size_t>(Resource::host_memory);
  int at_host_memory = 0;
  for (const Placement& placement : stage.placements)
    at_host_memory +=
        bodies_at(placement, loads_of)[kHostMemory] * static_cast<int>(placement.participants.size());
  for (Placement& placement : stage.placements) {
    Sharers bodies = bodies_at(placement, loads_of);
    for (int& at_work : bodies) at_work *= ranks_of_a_gpu(placement);
    bodies[kHostMemory] = at_host_memory;
    for (Body& body : placement.bodies) {
      body.sharers = {};
      for (const Resource resource : loads_of(body.check))
        body.sharers[static_cast<std::size_t>(resource)] = bodies[static_cast<std::size_t>(resource)];
    }
  }
}

}  // namespace assay
