#include "harness/node_sim/healthy_h200.h"

#include <gtest/gtest.h>

#include <cstring>

#include "harness/config/sim_node.h"
#include "harness/node_sim/build_state.h"

namespace assay::sim {
namespace {

TEST(HealthyH200, IsTheOneThatTheShippedNodeIsMadeOf) {
  config::Diagnostics diagnostics;
  NodeSetup setup{config::load_sim_node(ASSAY_SOURCE_DIR "/configs/sim/h200-8gpu.toml", diagnostics)};
  ASSERT_EQ(diagnostics.text(), "");
  const SharedState shipped = SharedState::anonymous();
  build_state(*shipped, setup);

  const PlantConstants plant = healthy_h200_plant();
  const auto* const mine = reinterpret_cast<const double*>(&plant);
  const auto* const its = reinterpret_cast<const double*>(&shipped->plant);
  for (std::size_t i = 0; i < sizeof(plant) / sizeof(double); ++i)
    EXPECT_NEAR(mine[i], its[i], 1e-9) << "constant " << i;

  GpuConstants constants{};
  make_healthy_h200(constants);
  const GpuConstants& first = shipped->constants[0];
  EXPECT_STREQ(constants.name, first.name);
  EXPECT_STREQ(constants.board_part_number, first.board_part_number);
  EXPECT_STREQ(constants.vbios, first.vbios);
  EXPECT_STREQ(constants.inforom_image, first.inforom_image);
  EXPECT_EQ(constants.pci_device, first.pci_device);
  EXPECT_EQ(constants.pci_subsystem, first.pci_subsystem);
  EXPECT_EQ(constants.memory_bytes, first.memory_bytes);
}

}  // namespace
}  // namespace assay::sim
