#include "harness/node_sim/device_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

#include "harness/testing/scratch_folder.h"

namespace assay::sim {
namespace {

TEST(NodeMemory, IsAtOneAddressForAllWhoMapIt) {
  const testing_tools::ScratchFolder folder;
  const SharedState state = SharedState::create(folder / "state");
  NodeMemory mine(state);
  Word128* const cells = mine.cells(1, 1000);
  cells[999] = {1, 2};
  const pid_t child = fork();
  if (child == 0) {
    // As another process would: by the file, and with a mapping of its own.
    const SharedState attached = SharedState::attach(folder / "state");
    NodeMemory its(attached);
    Word128* const same = its.cells(1, 1000);
    const bool seen = same == cells && same[999].high == 2;
    same[0] = {3, 4};
    _exit(seen ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(cells[0].high, 4u);
}

TEST(NodeMemory, NodesOfOneProcessStandSideBySide) {
  const SharedState first = SharedState::anonymous(), second = SharedState::anonymous();
  NodeMemory a(first), b(second);
  EXPECT_NE(a.cells(0, 8), b.cells(0, 8));
}

TEST(NodeMemory, StaysWhileAnybodyUsesIt) {
  const SharedState state = SharedState::anonymous();
  std::optional<NodeMemory> first(std::in_place, state);
  NodeMemory second(state);
  EXPECT_EQ(first->cells(0, 8), second.cells(0, 8));
  first.reset();
  second.cells(0, 8)[0] = {1, 1};
}

TEST(NodeMemory, PartsOfItDoNotOverlap) {
  const SharedState state = SharedState::anonymous();
  NodeMemory memory(state);
  constexpr auto kMost = static_cast<std::uint64_t>(config::kMostCellWords);
  const auto* const end = reinterpret_cast<char*>(memory.cells(0, kMost) + kMost);
  EXPECT_LE(end, memory.whole(0, 0, 1));
  EXPECT_LE(static_cast<char*>(memory.whole(0, kMaxAllocations - 1, 1)) + kLargestWhole,
            reinterpret_cast<char*>(memory.cells(1, 8)));
  EXPECT_THROW(memory.cells(0, kMost + 1), std::length_error);
}

}  // namespace
}  // namespace assay::sim
