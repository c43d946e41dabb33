#include "harness/plan/sharing.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

std::vector<Resource> loads_of(const std::string& check) {
  if (check == "copies") return {Resource::memory, Resource::host_memory};
  if (check == "multiplies") return {Resource::tensor_cores};
  return {Resource::memory};
}

int sharers(const Body& body, Resource resource) {
  return body.sharers[static_cast<std::size_t>(resource)];
}

TEST(Sharing, AGpusOwnAreSharedInAPlacementTheHostsMemoryInAStage) {
  Stage stage;
  Placement placement;
  placement.participants = {{{Part::gpu(0)}}};
  for (const char* check : {"copies", "multiplies", "reads"})
    placement.bodies.push_back({check, "", 1, 0.3, {}});
  stage.placements = {placement, placement, placement};
  share_resources(stage, loads_of);
  for (const Placement& shared : stage.placements) {
    EXPECT_EQ(sharers(shared.bodies[0], Resource::memory), 2);
    EXPECT_EQ(sharers(shared.bodies[2], Resource::memory), 2);
    EXPECT_EQ(sharers(shared.bodies[0], Resource::host_memory), 3);
    EXPECT_EQ(sharers(shared.bodies[1], Resource::tensor_cores), 1) << "it has them to itself";
    EXPECT_EQ(sharers(shared.bodies[1], Resource::memory), 0) << "what it does not declare";
    EXPECT_EQ(sharers(shared.bodies[0], Resource::tensor_cores), 0);
  }
}

TEST(Sharing, EveryRankIsAtWork) {
  Stage stage;
  Placement placement;
  placement.participants = {{{Part::gpu(0)}}, {{Part::gpu(1)}}};
  placement.bodies = {{"copies", "", 1, 1, {}}};
  stage.placements = {placement};
  share_resources(stage, loads_of);
  EXPECT_EQ(sharers(stage.placements[0].bodies[0], Resource::host_memory), 2);
  EXPECT_EQ(sharers(stage.placements[0].bodies[0], Resource::memory), 1);
}

TEST(Sharing, WorkIsAsFastAsItsShare) {
  DeviceSpeed speed;
  speed.per_s.fill(100);
  Sharers shared{};
  shared[static_cast<std::size_t>(Resource::memory)] = 4;
  const DeviceSpeed mine = speed.shared_by(shared);
  EXPECT_EQ(mine.rate(WorkKind::triad), 25);
  EXPECT_EQ(mine.rate(WorkKind::fp8), 100);
  EXPECT_EQ(mine.rate(WorkKind::device_to_host), 100) << "what is not declared is too little to be shared";
}

TEST(Sharing, RanksOfOneGpuShareWhatIsItsOwn) {
  Stage stage;
  Placement placement;
  placement.participants = {{{Part::gpu(0)}}, {{Part::gpu(0)}}, {{Part::gpu(0)}}};
  placement.bodies = {{"copies", "", 1, 1, {}}};
  stage.placements = {placement};
  share_resources(stage, loads_of);
  EXPECT_EQ(sharers(stage.placements[0].bodies[0], Resource::memory), 3);
  EXPECT_EQ(sharers(stage.placements[0].bodies[0], Resource::host_memory), 3);
}

}  // namespace
}  // namespace assay
