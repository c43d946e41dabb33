// Simulated device memory: real memory that the node's processes share, mapped at one address in all of them,
// so that a pointer of one is a pointer of all. It stands behind the state in the state's file.
//
// Of each GPU there are its cells, which large allocations share in proportion to their bytes, and room for
// small allocations, which are there whole.
#pragma once

#include <cstdint>

#include "harness/base/descriptor.h"
#include "harness/node/gpu.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// An allocation of up to this is whole; one whose share of the cells would be less than a line has as much.
inline constexpr std::uint64_t kLargestWhole = 5 << 20;

/// The node's memory, as long as this object lives.
class NodeMemory {
 public:
  /// Throws MachineRefused.
  explicit NodeMemory(const SharedState& state);
  ~NodeMemory();
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;

  /// All of the GPU's cells, GpuConstants::cell_words of them; at most config::kMostCellWords. Throws
  /// MachineRefused where the disk has no room for them: writing them would end the process otherwise.
  Word128* cells(int gpu, std::uint64_t words);
  /// kLargestWhole bytes, those of the GPU's allocation number `allocation`; of them, `bytes` will be used.
  /// Throws MachineRefused.
  void* whole(int gpu, int allocation, std::uint64_t bytes);
  /// So much that no GPU has, zeroed before the first process of the node sees it. Throws MachineRefused.
  void* shared(std::uint64_t bytes);

 private:
  char* at(std::uint64_t offset, std::uint64_t bytes);

  char* base_ = nullptr;
  Descriptor file_;  // none behind a private state
};

}  // namespace assay::sim
