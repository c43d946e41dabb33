// What the simulated driver writes to the node's kernel log.
#pragma once

#include <string>

#include "harness/node_sim/state.h"

namespace assay::sim {

/// This line, at once. Throws std::runtime_error.
void log_line(const State& state, const std::string& text);

/// The GPU's address as the driver's lines have it: "0000:1b:00", without the function.
std::string driver_address(const State& state, int gpu);

/// "NVRM: Xid (PCI:0000:1b:00): 94, pid=.., name=.., text": of our own process, or of none where `ours` is
/// false.
void log_xid(const State& state, int gpu, int number, bool ours, const std::string& text);

/// "nvidia-nvswitch2: SXid (PCI:0000:85:00.0): 20034, Fatal, Link 30 LTSSM Fault Up".
void log_sxid(const State& state, int nvswitch, int number);

}  // namespace assay::sim
