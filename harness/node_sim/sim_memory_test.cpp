#include "harness/node_sim/sim_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

namespace assay::sim {
namespace {

constexpr Word128 kZeros{0, 0};
constexpr Word128 kOnes{~0ULL, ~0ULL};

void plant(State& state, const char* kind, int slot, const std::map<std::string, double>& parameters) {
  FaultState& fault = state.faults[state.fault_count++];
  std::strncpy(fault.kind, kind, sizeof(fault.kind) - 1);
  fault.slot = slot;
  int i = 0;
  for (const auto& [name, value] : parameters) {
    std::strncpy(fault.parameters[i].name, name.c_str(), sizeof(fault.parameters[i].name) - 1);
    fault.parameters[i++].value = value;
  }
}

TEST(SimMemory, HoldsWhatIsWritten) {
  SimMemory memory(5, {});
  for (std::uint64_t word = 0; word < 5; ++word) memory.store(word, Word128{word, ~word});
  for (std::uint64_t word = 0; word < 5; ++word) EXPECT_EQ(memory.load(word), (Word128{word, ~word}));
}

TEST(SimMemory, OneWrongBitIsCorrectedAndCountedOnlyWhileItIsWrong) {
  SimMemory memory(8, {{{2, 130, BadCell::Reads::one}}, {}});  // bit 2 of word 5
  memory.store(5, kOnes);
  EXPECT_EQ(memory.load(5), kOnes);
  EXPECT_EQ(memory.corrected(), 0u);
  memory.store(5, kZeros);
  EXPECT_EQ(memory.load(5), kZeros);
  EXPECT_EQ(memory.load(4), kZeros);
  EXPECT_EQ(memory.corrected(), 1u) << "once for the codeword's two words";
}

TEST(SimMemory, TwoWrongBitsOfACodewordAreNotDelivered) {
  SimMemory memory(8, {{{2, 3, BadCell::Reads::one}, {2, 130, BadCell::Reads::one}}, {}});
  memory.store(4, kZeros);
  memory.store(5, kOnes);
  EXPECT_EQ(memory.load(4), kZeros);
  memory.store(5, kZeros);
  try {
    memory.load(4);
    FAIL();
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.code(), "device.ecc_uncorrectable");
  }
  EXPECT_EQ(memory.uncorrected(), 1u);
}

TEST(SimMemory, AWireBehindEccChangesDataAndNoCounter) {
  SimMemory memory(9, {{}, {{70, true, 4}}});
  for (std::uint64_t word = 0; word < 9; ++word) memory.store(word, kZeros);
  for (std::uint64_t word = 0; word < 9; ++word) {
    EXPECT_EQ(memory.load(word), (word % 4 == 0 ? Word128{0, 1ULL << 6} : kZeros));
  }
  EXPECT_EQ(memory.corrected(), 0u);
}

TEST(MemoryWindow, IsAPartOfTheMemory) {
  SimMemory memory(10, {});
  MemoryWindow window(memory, 7, 3);
  EXPECT_EQ(window.words(), 3u);
  window.store(2, kOnes);
  EXPECT_EQ(memory.load(9), kOnes);
}

TEST(PlantedMemoryFaults, AreThoseOfTheSlotAtTheirPosition) {
  const SharedState state = SharedState::anonymous();
  plant(*state, "hbm_stuck_bit", 3, {{"bit", 200}, {"position", 1}, {"value", 1}});
  plant(*state, "hbm_stuck_bit", 4, {{"bit", 1}});
  plant(*state, "hbm_double_bit", 3, {{"bit", 12}, {"second_bit", 201}, {"position", 0.5}});
  plant(*state, "hbm_data_wire", 3, {{"bit", 37}, {"value", 1}, {"stride", 64}});
  const MemoryFaults faults = planted_memory_faults(*state, 3, 1001);
  ASSERT_EQ(faults.cells.size(), 3u);
  EXPECT_EQ(faults.cells[0].codeword, 499u) << "the last whole one";
  EXPECT_EQ(faults.cells[0].reads, BadCell::Reads::one);
  EXPECT_EQ(faults.cells[1].codeword, 250u);
  EXPECT_EQ(faults.cells[2].bit, 201);
  ASSERT_EQ(faults.wires.size(), 1u);
  EXPECT_EQ(faults.wires[0].stride, 64u);
}

}  // namespace
}  // namespace assay::sim
