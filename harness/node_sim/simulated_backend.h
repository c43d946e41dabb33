// The simulated node: a state file that its processes share, with a seat at the virtual clock for each.
#pragma once

#include <memory>
#include <string>

#include "harness/node/backend.h"
#include "harness/node_sim/build_state.h"

namespace assay::sim {

inline constexpr const char* kSimulatedBackend = "simulated";

/// Names of its files in a folder: the node's state, and its kernel log.
inline constexpr const char* kStateFile = "simulated-node.state";
inline constexpr const char* kKernelLogFile = "simulated-kernel.log";

const Backend& simulated_backend();

/// Builds a node's state in the folder.
std::unique_ptr<NodeSession> build_simulated_node(const std::string& folder, NodeSetup setup);

/// Goes on with the state that a killed run left in its folder; nobody who took part is alive any more.
std::unique_ptr<NodeSession> reopen_simulated_node(const std::string& folder);

/// The stand-in management library that belongs to this binary.
std::string simulated_library_path();
/// The stand-in for cuBLASLt, over this process's emulated runtime.
std::unique_ptr<Library> open_simulated_cublaslt(std::string& why_not);
std::unique_ptr<Library> open_simulated_nccl(std::string& why_not);

}  // namespace assay::sim
