#include "harness/node_sim/faults/fault_kind.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

namespace assay::sim {
namespace {

void plant(State& state, const char* kind, int slot, const std::map<std::string, double>& parameters) {
  FaultState& fault = state.faults[state.fault_count++];
  set_text(fault.kind, kind);
  fault.slot = slot;
  int i = 0;
  for (const auto& [name, value] : parameters) {
    set_text(fault.parameters[i].name, name);
    fault.parameters[i++].value = value;
  }
}

TEST(Faults, ThoseOfTheMemoryAreInTheirSlotAtTheirPosition) {
  const SharedState state = SharedState::anonymous();
  plant(*state, "hbm_stuck_bit", 3, {{"bit", 200}, {"position", 1}, {"value", 1}});
  plant(*state, "hbm_stuck_bit", 4, {{"bit", 1}});
  plant(*state, "hbm_double_bit", 3, {{"bit", 12}, {"second_bit", 201}, {"position", 0.5}});
  plant(*state, "hbm_data_wire", 3, {{"bit", 37}, {"value", 1}, {"stride", 64}});
  plant(*state, "no_such_kind", 3, {});
  MemoryFaults faults;
  for_each_fault(*state, 3, [&](const FaultState& fault, const FaultHooks& hooks) {
    ASSERT_NE(hooks.in_memory, nullptr) << fault.kind;
    hooks.in_memory(fault, 1001, faults);
  });
  ASSERT_EQ(faults.cells.size(), 3u);
  EXPECT_EQ(faults.cells[0].codeword, 499u) << "the last whole one";
  EXPECT_EQ(faults.cells[0].reads, BadCell::Reads::one);
  EXPECT_EQ(faults.cells[1].codeword, 250u);
  EXPECT_EQ(faults.cells[2].bit, 201);
  ASSERT_EQ(faults.wires.size(), 1u);
  EXPECT_EQ(faults.wires[0].stride, 64u);
}

TEST(Faults, EachLinkIsItsOwn) {
  const SharedState state = SharedState::anonymous();
  state->gpu_count = 1;
  plant(*state, "nvlinks_down", 0, {{"links", 3}, {"first", 16}});
  GpuDynamic& dynamic = state->dynamic[0];
  for (Nvlink& link : dynamic.nvlinks) link.active = 1;
  for_each_fault(*state, 0, [&](const FaultState& fault, const FaultHooks& hooks) {
    hooks.at_start({*state, 0, fault});
  });
  for (int link = 0; link < kNvlinks; ++link)
    EXPECT_EQ(dynamic.nvlinks[link].active, link >= 16 || link == 0 ? 0 : 1) << link;
}

}  // namespace
}  // namespace assay::sim
