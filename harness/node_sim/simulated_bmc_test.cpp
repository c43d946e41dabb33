#include "harness/node_sim/simulated_bmc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::sim {
namespace {

class SimulatedBmcTest : public testing::Test {
 protected:
  SimulatedBmcTest() { state_->plant.ambient_c = 23.4; }
  SharedState state_ = SharedState::anonymous();
  SimulatedBmc bmc_{state_};
};

TEST_F(SimulatedBmcTest, ReadsTheAirThatTheNodeTakesIn) {
  EXPECT_EQ(inlet_temperature(bmc_), 23);
  state_->inlet_excess_c = 20;
  EXPECT_EQ(inlet_temperature(bmc_), 43);
}

TEST_F(SimulatedBmcTest, OfAVirtualMachinesHostIsNotShown) {
  state_->virtual_pci_ports = 1;
  EXPECT_EQ(inlet_temperature(bmc_), std::nullopt);
}

TEST_F(SimulatedBmcTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(*bmc_.ask({0x06, 0x01, {}}), testing::ElementsAre(0xc1));
  EXPECT_THAT(*bmc_.ask({0x2c, 0x10, {0xdc, 0x01}}), testing::ElementsAre(0xc7));
  EXPECT_THAT(*bmc_.ask({0x2c, 0x10, {0xdc, 0x01, 0x41, 0x00, 0x01}}), testing::ElementsAre(0x00, 0xdc, 0, 0))
      << "processors are not simulated";
}

}  // namespace
}  // namespace assay::sim
